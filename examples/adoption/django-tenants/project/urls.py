"""No pages: this project is about its schemas."""

urlpatterns: list = []
