"""A property-based test of the API: requests drawn from the OpenAPI document, judged by it."""
