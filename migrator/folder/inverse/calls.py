"""Which functions a statement calls of which it is not known what they do."""

from __future__ import annotations

from typing import Any

from pglast import ast

from migrator.folder.inverse.scene import Scene
from migrator.folder.inverse.walk import nodes_in

HARMLESS = frozenset(
    """
    abs age any_value array_agg array_append array_cat array_length array_position array_positions array_prepend
    array_remove array_replace array_to_json array_to_string ascii avg bit_and bit_length bit_or bool_and bool_or
    btrim cardinality ceil ceiling char_length character_length chr clock_timestamp coalesce concat concat_ws count
    crypt cume_dist current_database current_schema current_schemas current_setting date_part date_trunc decode
    degrees dense_rank digest div encode every exp extract first_value floor format gcd gen_random_bytes
    gen_random_uuid gen_salt generate_series generate_subscripts get_byte greatest hashtext hmac initcap isfinite
    json_agg json_array_elements json_array_elements_text json_array_length json_build_array json_build_object
    json_each json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys
    json_strip_nulls json_typeof jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length
    jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text
    jsonb_insert jsonb_object jsonb_object_agg jsonb_object_keys jsonb_pretty jsonb_set jsonb_strip_nulls
    jsonb_typeof justify_days justify_hours justify_interval lag last_value lcm lead least left length like_escape
    ln localtime localtimestamp log lower lpad ltrim make_date make_interval make_time make_timestamp
    make_timestamptz max md5 min mod mode nextafter normalize now nth_value ntile nullif num_nonnulls num_nulls
    octet_length overlay percent_rank percentile_cont percentile_disc position power quote_ident quote_literal
    quote_nullable radians random rank regexp_count regexp_instr regexp_like regexp_match regexp_matches
    regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right round
    row_number row_to_json rpad rtrim set_byte setweight sha224 sha256 sha384 sha512 sign similar_escape
    similar_to_escape split_part sqrt starts_with statement_timestamp stddev string_agg string_to_array
    string_to_table strip strpos substr substring sum timeofday timezone to_ascii to_char to_date to_hex to_json
    to_jsonb to_number to_regclass to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim
    trim_array trunc unaccent unnest upper uuid_generate_v1 uuid_generate_v4 uuid_generate_v5 uuidv4 uuidv7 variance
    version width_bucket xmlagg
    """.split()  # noqa: SIM905 - a list would take a page
)
"""What PostgreSQL and its usual extensions have that changes nothing."""


def unknown_calls(stmt: Any, scene: Scene) -> str | None:
    """The first function that a statement calls of which it is not known that it changes nothing."""
    for node in nodes_in(stmt):
        if isinstance(node, ast.FuncCall) and not _is_harmless(node, scene):
            words: Any = node.funcname
            return ".".join(word.sval for word in words)
    return None


def _is_harmless(call: Any, scene: Scene) -> bool:
    *schema, name = (word.sval for word in call.funcname)
    if name == "setval" and _is_of_a_born_sequence(call, scene):
        return True
    own = schema != ["pg_catalog"] and scene.routines("function", call.funcname)
    return name in HARMLESS and not own


def _is_of_a_born_sequence(call: Any, scene: Scene) -> bool:
    argument = call.args[0]
    if isinstance(argument, ast.TypeCast):
        argument = argument.arg
    name = getattr(getattr(argument, "val", None), "sval", None)
    if not isinstance(name, str):
        return False
    words = [ast.String(sval=word.strip('"')) for word in name.split(".")]
    sequence = scene.picture.get(("relation", *scene.place_words(words)))
    return scene.picture.is_born(sequence) or (
        sequence is not None and sequence.on is not None and scene.picture.is_born(sequence.on)
    )
