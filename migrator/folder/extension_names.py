"""Names that well-known extensions bring: a dump qualifies them like its own, and they stay where the extension is."""

_TYPES = {
    "citext": "citext",
    "hstore": "hstore",
    "ltree": "ltree lquery ltxtquery",
    "cube": "cube",
    "seg": "seg",
    "isn": "ean13 isbn isbn13 ismn issn upc",
    "vector": "vector halfvec sparsevec",
    "postgis": "geometry geography box2d box3d",
}
_OPERATOR_CLASSES = {
    "pg_trgm": "gin_trgm_ops gist_trgm_ops",
    "intarray": "gin__int_ops gist__int_ops gist__intbig_ops",
    "vector": "vector_l2_ops vector_ip_ops vector_cosine_ops vector_l1_ops halfvec_l2_ops halfvec_cosine_ops",
    "ltree": "gist_ltree_ops hash_ltree_ops",
}
_FUNCTIONS = {
    "uuid-ossp": "uuid_nil uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5",
    "pgcrypto": "gen_random_bytes gen_salt crypt digest hmac pgp_sym_encrypt pgp_sym_decrypt armor dearmor",
    "pg_trgm": "similarity word_similarity strict_word_similarity show_trgm",
    "unaccent": "unaccent",
    "fuzzystrmatch": "levenshtein soundex metaphone dmetaphone",
}

OF_EXTENSIONS = frozenset(
    name for kind in (_TYPES, _OPERATOR_CLASSES, _FUNCTIONS) for names in kind.values() for name in names.split()
)
