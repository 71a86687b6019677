drop sequence core.numbers;
