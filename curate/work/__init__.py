"""The passes in order (`passes`), and one task of each (`measure`, `compare`, `verdicts`, `write`)."""
