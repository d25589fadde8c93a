"""The demo city: makes the files a real city would bring and lives its months through the product's own importers and actions."""
