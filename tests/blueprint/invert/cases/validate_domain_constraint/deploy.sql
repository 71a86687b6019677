alter domain core.a validate constraint a_check;
