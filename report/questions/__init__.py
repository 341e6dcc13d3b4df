"""The engine: from tables and a lab's questions to answers with their evidence."""
