alter type core.pair drop attribute b;
