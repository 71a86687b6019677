create table core.numbers as select n from generate_series(1, 3) n;

select n into core.more from core.numbers;
