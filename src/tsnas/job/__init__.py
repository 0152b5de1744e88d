"""One job: checked settings and inputs, its phases, their checkpoints and their time budget."""
