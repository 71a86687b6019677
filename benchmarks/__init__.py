"""Speed, measured against a named baseline in the same run. `hc bench NAME`; results are kept in RESULTS.md."""
