drop access method heap2;
drop language plsample;
