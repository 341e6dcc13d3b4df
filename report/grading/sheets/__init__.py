"""The grade sheets and feedback archives that a learning management system takes back."""
