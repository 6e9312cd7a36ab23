"""What is made of results.json alone: tables, plots, pages."""
