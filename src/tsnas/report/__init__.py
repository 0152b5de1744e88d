"""The report on a finished job: one web page, the same facts as JSON, and a model card."""
