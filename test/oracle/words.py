"""Scores of documents for a query: rank_bm25, an implementation of other people, with the idf of Lucene in place of its own."""

import re

import numpy as np
from rank_bm25 import BM25Okapi

TEXTS = [
    "The cat sat on the mat.",
    "A dog and a cat: the dog chased the cat, the cat chased the mouse.",
    "Mice like cheese",
    "",
    "the the the the",
    "Größe und Maß: 42 Übungen, 3-mal",
    "On a mat of 42 threads the loom is set; the weaver sits, and the pattern of the mat is the weaver's own.",
    "?!",
]
QUERIES = ["cat", "The mat", "cat cat mouse", "größe 42", "unknown words", "", "the weaver's cat on a MAT", "snake_case cheese"]


class LuceneIdf(BM25Okapi):
    """ln(1 + (N - n + 0.5) / (n + 0.5)): never negative, so nothing is floored."""

    def _calc_idf(self, nd):
        self.idf = {word: np.log1p((self.corpus_size - n + 0.5) / (n + 0.5)) for word, n in nd.items()}


def words_of(text):
    return re.findall(r"[^\W_]+", text.lower())


def bm25_cases():
    scorer = LuceneIdf([words_of(text) for text in TEXTS], k1=1.2, b=0.75)
    return {
        "texts": TEXTS,
        "queries": [{"query": query, "scores": scorer.get_scores(words_of(query))} for query in QUERIES],
    }
