class MyFFN(
