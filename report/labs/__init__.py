"""Labs: questions as data, one TOML file each."""
