alter type core.pair add attribute b text;
