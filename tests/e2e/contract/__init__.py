"""What holds for every route: OpenAPI, AsyncAPI, the documentation page, request bodies, methods, health."""
