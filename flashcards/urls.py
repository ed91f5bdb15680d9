from django.urls import URLPattern

app_name = "flashcards"
urlpatterns: list[URLPattern] = []
