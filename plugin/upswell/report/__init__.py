"""What is reported: figures, summaries and explanations made of movements. Pure, as the core is."""
