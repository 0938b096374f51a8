"""What people look at: tables and pages, made with rich."""
