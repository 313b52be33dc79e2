"""The routes."""

from django.urls import path

from signup import views

urlpatterns = [
    path("sign-up", views.sign_up),
    path("sign-up/quick", views.sign_up_quickly),
    path("tenants/<slug:slug>", views.tenant),
    path("welcome/<slug:slug>", views.welcome),
]
