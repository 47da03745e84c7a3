"""Names and pictures, through the API and in Matrix."""
