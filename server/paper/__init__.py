"""What is printed: posters, cards, slips, notices for the board, rota and roll, each as a PDF."""
