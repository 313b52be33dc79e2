-- inside --
-- Goes into schemas one after the other: search_path leads into the schema alone while it is looked at, so that the
-- server writes its own names without a schema. One query: the catalog at one moment. In the end the settings are as
-- before, also in an open transaction. Of many schemas the plan looks dear enough to be compiled, which takes longer
-- than the query.
SELECT set_config('migrator.jit', current_setting('jit'), true), set_config('jit', 'off', true);
WITH before AS MATERIALIZED (
    SELECT current_setting('search_path') AS path
), spaces AS MATERIALIZED (
    SELECT named.oid, named.nspname, named.nspowner, named.nspacl, own.name AS own,
           '(?<![[:alnum:]_$".])' || own.pattern || '(?=\.)' AS anywhere,
           '((?:\m(?:FROM|JOIN|INTO|UPDATE|ONLY|TABLE|FUNCTION|COLLATE) \(*)|::|OPERATOR\()' || own.pattern
               || '(?=\.)' AS after_keyword,
           '()(?<![[:alnum:]_$".])' || own.pattern || '(?=\.(?:[[:alnum:]_$]+|"[^"]+")\()' AS before_call,
           '(\n SET search_path TO [^\n]*)' || regexp_replace(quote_literal(named.nspname), '([^[:alnum:]_ ])', '\\\1', 'g')
               AS in_path
    FROM pg_namespace AS named,
         LATERAL (SELECT quote_ident(named.nspname) AS name,
                         regexp_replace(quote_ident(named.nspname), '([^[:alnum:]_ ])', '\\\1', 'g') AS plain) AS quoted,
         LATERAL (SELECT quoted.name,
                         CASE WHEN quoted.name = named.nspname THEN '(?:' || plain || '|"' || plain || '")' ELSE plain END
                             AS pattern) AS own
    WHERE named.nspname = ANY ({schemas}::name[])
), found AS MATERIALIZED (
    SELECT space.nspname AS schema, looked.*
    FROM spaces AS space
    CROSS JOIN LATERAL (SELECT set_config('search_path', space.own, true) AS path FROM before) AS inside
    CROSS JOIN LATERAL ({look}) AS looked
), back AS MATERIALIZED (
    SELECT set_config('search_path', before.path, true) AS path,
           set_config('jit', current_setting('migrator.jit'), true) AS jit
    FROM before, (SELECT count(*) FROM found) AS all_of_it
)
-- A row of nulls where nothing was found: otherwise the settings would not be put back.
SELECT found.* FROM back LEFT JOIN found ON true;

-- one_by_one --
-- Everything in one schema, a row each, and a first row that says that there is such a schema.
SELECT NULL AS kind, NULL AS name, NULL AS definition
UNION ALL
SELECT line.kind, line.name, line.definition FROM ({lines}) AS line

-- summed_up --
-- One schema's lines as one hash, in the bytes and the order of Catalog.fingerprint.
SELECT left(encode(sha256(coalesce(string_agg(bytes, '\x1e'::bytea ORDER BY bytes), '')), 'hex'), 32) AS fingerprint
FROM (SELECT convert_to(line.kind || E'\x1f' || line.name || E'\x1f' || line.definition, 'UTF8') AS bytes
      FROM ({lines}) AS line) AS encoded

-- lines --
-- What is in the schema "space": items with their definitions, their comments and their privileges. What belongs to
-- an extension and the history table is left out. An object hangs on its schema in pg_depend, which has the index
-- for that question; pg_class has none.
WITH members AS MATERIALIZED (
    SELECT DISTINCT member.classid AS class, member.objid AS object
    FROM pg_depend AS member
    WHERE member.refclassid = 'pg_namespace'::regclass
      AND member.refobjid = space.oid
      AND inside.path IS NOT NULL
      AND NOT EXISTS (SELECT FROM pg_depend AS extending
                      WHERE extending.classid = member.classid
                        AND extending.objid = member.objid
                        AND extending.deptype = 'e')
), relations AS MATERIALIZED (
    SELECT relation.*, quote_ident(relation.relname) AS name
    FROM members
    JOIN pg_class AS relation ON relation.oid = members.object
    WHERE members.class = 'pg_class'::regclass
      AND NOT (relation.relname = {history_table} AND relation.relkind IN ('r', 'p'))
), types AS MATERIALIZED (
    SELECT own_type.*, quote_ident(own_type.typname) AS name
    FROM members
    JOIN pg_type AS own_type ON own_type.oid = members.object
    WHERE members.class = 'pg_type'::regclass
), items (kind, name, definition, class, object, part, acl, owner, acl_type) AS MATERIALIZED (
    SELECT 'schema', '', NULL, NULL::oid, NULL::oid, 0, space.nspacl, space.nspowner, 'n'::"char"
    UNION ALL
    -- A table's columns have no order: whoever drops one and adds it again has another order and the same table.
    SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                        WHEN 'S' THEN 'sequence' ELSE 'table' END,
           name,
           concat_ws(' ',
               CASE relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END,
               CASE WHEN relkind = 'p' THEN 'partition by ' || pg_get_partkeydef(oid) END,
               CASE WHEN relkind IN ('r', 'p', 'f') THEN
                   (SELECT 'inherits ' || string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
                        || coalesce(' ' || pg_get_expr(relpartbound, oid), '')
                    FROM pg_inherits WHERE inhrelid = oid)
               END,
               CASE WHEN reloftype <> 0 THEN 'of ' || reloftype::regtype END,
               CASE WHEN relam NOT IN (0, 2) THEN 'using ' || (SELECT amname FROM pg_am WHERE pg_am.oid = relam) END,
               CASE WHEN reloptions IS NOT NULL THEN
                   'with ' || (SELECT string_agg(option, ', ' ORDER BY option COLLATE "C") FROM unnest(reloptions) AS option)
               END,
               (SELECT 'toast with ' || array_to_string(toast.reloptions, ', ')
                FROM pg_class AS toast WHERE toast.oid = relations.reltoastrelid),
               CASE WHEN relrowsecurity THEN 'row security' END,
               CASE WHEN relforcerowsecurity THEN 'forced row security' END,
               CASE WHEN relkind IN ('r', 'p') AND relreplident <> 'd' THEN
                   CASE relreplident WHEN 'f' THEN 'replica identity full' WHEN 'n' THEN 'replica identity nothing'
                                     ELSE 'replica identity index' END
               END,
               CASE WHEN relkind = 'm' AND NOT relispopulated THEN 'without data' END,
               CASE WHEN relkind = 'f' THEN
                   (SELECT concat_ws(' ', 'server ' || srvname, ftoptions::text)
                    FROM pg_foreign_table JOIN pg_foreign_server ON pg_foreign_server.oid = ftserver WHERE ftrelid = relations.oid)
               END,
               CASE WHEN relkind = 'S' THEN
                   (SELECT concat_ws(' ', seqtypid::regtype, 'start', seqstart, 'increment', seqincrement, 'from', seqmin,
                                     'to', seqmax, 'cache', seqcache, CASE WHEN seqcycle THEN 'cycle' END)
                    FROM pg_sequence WHERE seqrelid = oid)
               END,
               CASE WHEN relkind = 'S' THEN
                   (SELECT format('owned by %s (%I)', refobjid::regclass, attname)
                    FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
                    WHERE classid = 'pg_class'::regclass AND objid = relations.oid AND refclassid = 'pg_class'::regclass
                      AND deptype IN ('a', 'i') AND refobjsubid > 0)
               END,
               CASE WHEN relkind IN ('v', 'm') THEN E'as\n' || pg_get_viewdef(oid, true) END),
           'pg_class'::regclass, oid, 0, relacl, relowner, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"
    FROM relations
    UNION ALL
    SELECT 'column', relations.name || '.' || quote_ident(attname),
           concat_ws(' ',
               format_type(atttypid, atttypmod),
               CASE WHEN attcollation NOT IN (0, typcollation) THEN 'collate ' || attcollation::regcollation END,
               CASE WHEN attnotnull THEN
                   CASE WHEN attnum = ANY (unproven.columns) THEN 'not null not valid' ELSE 'not null' END
               END,
               CASE attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
               CASE attgenerated WHEN '' THEN 'default ' ELSE 'generated ' || attgenerated::text || ' ' END
                   || CASE WHEN atthasdef THEN
                          (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum)
                      END,
               CASE WHEN attstorage <> typstorage THEN 'storage ' || attstorage::text END,
               CASE WHEN attcompression <> '' THEN 'compression ' || attcompression::text END,
               CASE WHEN coalesce(attstattarget, -1) >= 0 THEN 'statistics ' || attstattarget END,
               attoptions::text,
               attfdwoptions::text),
           'pg_class'::regclass, attrelid, attnum, attacl, relowner, 'c'
    FROM relations
    JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
    JOIN pg_type ON pg_type.oid = atttypid
    LEFT JOIN (SELECT relations.oid, array_agg(conkey[1]) AS columns
               FROM relations JOIN pg_constraint ON conrelid = relations.oid AND contype = 'n' AND NOT convalidated
               GROUP BY relations.oid) AS unproven ON unproven.oid = relations.oid
    WHERE relkind <> 'S'
    UNION ALL
    -- NOT NULL is said of the column; from PostgreSQL 18 on it has a row here too. A foreign key that
    -- a partition has from its parent follows from it.
    SELECT 'constraint', relations.name || '.' || quote_ident(conname),
           pg_get_constraintdef(pg_constraint.oid, true)
               || CASE WHEN contype = 'f' AND EXISTS (SELECT FROM pg_trigger WHERE tgconstraint = pg_constraint.oid
                                                      AND tgenabled <> 'O') THEN ' (not enabled)' ELSE '' END,
           'pg_constraint'::regclass, pg_constraint.oid, 0, NULL, NULL, NULL
    FROM relations
    JOIN pg_constraint ON conrelid = relations.oid AND contype NOT IN ('n', 't') AND (contype <> 'f' OR conparentid = 0)
    UNION ALL
    -- The index of a constraint says nothing of its own, unless something is odd about it.
    SELECT 'index', quote_ident(index_class.relname),
           CASE WHEN own.conname IS NULL THEN pg_get_indexdef(indexrelid, 0, true) || flags.text
                WHEN flags.text <> '' OR index_class.reloptions IS NOT NULL THEN
                    concat_ws(' ', 'of the constraint', index_class.reloptions::text) || flags.text
           END,
           'pg_class'::regclass, indexrelid, 0, NULL, NULL, NULL
    FROM relations
    JOIN pg_index ON indrelid = relations.oid
    JOIN pg_class AS index_class ON index_class.oid = indexrelid
    LEFT JOIN pg_constraint AS own
        ON (indisunique OR indisexclusion) AND own.conrelid = indrelid AND own.contypid = 0
        AND own.conname = index_class.relname AND own.conindid = indexrelid AND own.contype IN ('p', 'u', 'x')
    CROSS JOIN LATERAL (
        SELECT concat(CASE WHEN NOT indisvalid THEN ' (invalid)' END,
                      CASE WHEN NOT indisready OR NOT indislive THEN ' (not ready)' END,
                      CASE WHEN indisclustered THEN ' (clustered)' END,
                      CASE WHEN indisreplident THEN ' (replica identity)' END)
    ) AS flags (text)
    WHERE relations.relhasindex
    UNION ALL
    SELECT 'trigger', relations.name || '.' || quote_ident(tgname),
           concat_ws(' ',
               pg_get_triggerdef(pg_trigger.oid, true),
               CASE tgenabled WHEN 'D' THEN '(disabled)' WHEN 'R' THEN '(on replicas)' WHEN 'A' THEN '(always)' END),
           'pg_trigger'::regclass, pg_trigger.oid, 0, NULL, NULL, NULL
    FROM relations
    JOIN pg_trigger ON tgrelid = relations.oid AND NOT tgisinternal
    WHERE relations.relhastriggers
    UNION ALL
    SELECT 'rule', relations.name || '.' || quote_ident(rulename),
           concat_ws(' ',
               pg_get_ruledef(pg_rewrite.oid, true),
               CASE ev_enabled WHEN 'D' THEN '(disabled)' WHEN 'R' THEN '(on replicas)' WHEN 'A' THEN '(always)' END),
           'pg_rewrite'::regclass, pg_rewrite.oid, 0, NULL, NULL, NULL
    FROM relations
    JOIN pg_rewrite ON ev_class = relations.oid AND rulename <> '_RETURN'
    WHERE relations.relhasrules
    UNION ALL
    SELECT 'policy', relations.name || '.' || quote_ident(polname),
           concat_ws(' ',
               CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END,
               'for', CASE polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                                  WHEN 'd' THEN 'delete' ELSE 'all' END,
               'to', (SELECT string_agg(role, ', ' ORDER BY role COLLATE "C")
                      FROM unnest(polroles) AS granted,
                           LATERAL (SELECT CASE granted WHEN 0 THEN 'PUBLIC' WHEN relowner THEN '<owner>'
                                                        ELSE granted::regrole::text END AS role) AS named),
               'using (' || pg_get_expr(polqual, polrelid, true) || ')',
               'with check (' || pg_get_expr(polwithcheck, polrelid, true) || ')'),
           'pg_policy'::regclass, pg_policy.oid, 0, NULL, NULL, NULL
    FROM relations
    JOIN pg_policy ON polrelid = relations.oid
    WHERE relations.relkind IN ('r', 'p')
    UNION ALL
    SELECT CASE prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           format('%I(%s)', proname, pg_get_function_identity_arguments(pg_proc.oid)),
           CASE WHEN prokind <> 'a' THEN regexp_replace(pg_get_functiondef(pg_proc.oid), space.in_path, '\1<schema>')
           ELSE (SELECT concat_ws(' ', pg_get_function_arguments(pg_proc.oid), 'returns', prorettype::regtype,
                           'parallel', proparallel, aggkind, aggnumdirectargs, aggtransfn::regproc, aggfinalfn::regproc,
                           aggcombinefn::regproc, aggserialfn::regproc, aggdeserialfn::regproc, aggmtransfn::regproc,
                           aggminvtransfn::regproc, aggmfinalfn::regproc, aggfinalextra, aggmfinalextra, aggfinalmodify,
                           aggmfinalmodify, aggsortop::regoperator, aggtranstype::regtype, aggtransspace,
                           aggmtranstype::regtype, aggmtransspace, quote_nullable(agginitval), quote_nullable(aggminitval))
                 FROM pg_aggregate WHERE aggfnoid = pg_proc.oid)
           END,
           'pg_proc'::regclass, pg_proc.oid, 0, proacl, proowner, 'f'
    FROM members
    JOIN pg_proc ON pg_proc.oid = members.object
    WHERE members.class = 'pg_proc'::regclass
    UNION ALL
    SELECT CASE typtype WHEN 'd' THEN 'domain' ELSE 'type' END, name,
           CASE typtype
               WHEN 'e' THEN (SELECT 'enum (' || coalesce(string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder), '') || ')'
                              FROM pg_enum WHERE enumtypid = types.oid)
               WHEN 'c' THEN (SELECT 'composite (' || string_agg(
                                         concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
                                                   CASE WHEN attcollation NOT IN (0, part.typcollation)
                                                        THEN 'collate ' || attcollation::regcollation END),
                                         ', ' ORDER BY attnum) || ')'
                              FROM pg_attribute JOIN pg_type AS part ON part.oid = atttypid
                              WHERE attrelid = types.typrelid AND attnum > 0 AND NOT attisdropped)
               WHEN 'd' THEN concat_ws(' ', format_type(typbasetype, types.typtypmod),
                                       CASE WHEN typcollation NOT IN (0, (SELECT base.typcollation FROM pg_type AS base
                                                                          WHERE base.oid = types.typbasetype))
                                            THEN 'collate ' || typcollation::regcollation END,
                                       CASE WHEN typnotnull THEN 'not null' END,
                                       'default ' || pg_get_expr(typdefaultbin, 0))
               WHEN 'r' THEN (SELECT concat_ws(' ', 'range', rngsubtype::regtype,
                                               (SELECT opcname FROM pg_opclass WHERE pg_opclass.oid = rngsubopc),
                                               nullif(rngcollation, 0)::regcollation, rngcanonical, rngsubdiff,
                                               'multirange', rngmultitypid::regtype)
                              FROM pg_range WHERE rngtypid = types.oid)
               WHEN 'b' THEN concat_ws(' ', 'base', typlen, typbyval, typcategory, typispreferred, typdelim, typalign,
                                       typstorage, typinput, typoutput, typreceive, typsend, typmodin, typmodout,
                                       typanalyze, typelem::regtype, typcollation, typdefault)
               ELSE 'shell'
           END,
           'pg_type'::regclass, types.oid, 0, typacl, typowner, 'T'
    FROM types
    WHERE typtype IN ('e', 'c', 'd', 'r', 'b', 'p')
    UNION ALL
    SELECT 'constraint', types.name || '.' || quote_ident(conname), pg_get_constraintdef(pg_constraint.oid, true),
           'pg_constraint'::regclass, pg_constraint.oid, 0, NULL, NULL, NULL
    FROM types
    JOIN pg_constraint ON contypid = types.oid AND conrelid = 0 AND contype <> 'n'
    WHERE typtype = 'd'
    UNION ALL
    SELECT 'cast', format('%s as %s', castsource::regtype, casttarget::regtype),
           concat_ws(' ', nullif(castfunc, 0)::regprocedure, castcontext, castmethod),
           'pg_cast'::regclass, pg_cast.oid, 0, NULL, NULL, NULL
    FROM pg_cast
    WHERE EXISTS (SELECT FROM types) AND pg_cast.oid >= 16384
      AND (castsource IN (SELECT types.oid FROM types) OR casttarget IN (SELECT types.oid FROM types))
    UNION ALL
    SELECT other.kind, other.name, other.definition, members.class, members.object, 0, NULL, NULL, NULL
    FROM members
    CROSS JOIN LATERAL (
        SELECT 'statistics', quote_ident(stxname),
               concat_ws(' ', pg_get_statisticsobjdef(pg_statistic_ext.oid), 'target ' || nullif(stxstattarget, -1))
        FROM pg_statistic_ext
        WHERE members.class = 'pg_statistic_ext'::regclass AND pg_statistic_ext.oid = members.object
        UNION ALL
        SELECT 'operator', oprname || format('(%s, %s)', oprleft::regtype, oprright::regtype),
               concat_ws(' ', oprresult::regtype, oprcode, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin,
                         CASE WHEN oprcanmerge THEN 'merges' END, CASE WHEN oprcanhash THEN 'hashes' END)
        FROM pg_operator
        WHERE members.class = 'pg_operator'::regclass AND pg_operator.oid = members.object
        UNION ALL
        SELECT 'operator class', format('%I using %I', opcname, amname),
               concat_ws(' ', opcintype::regtype, nullif(opckeytype, 0)::regtype, CASE WHEN opcdefault THEN 'default' END,
                         'family', quote_ident(opfname))
        FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod JOIN pg_opfamily ON pg_opfamily.oid = opcfamily
        WHERE members.class = 'pg_opclass'::regclass AND pg_opclass.oid = members.object
        UNION ALL
        SELECT 'operator family', format('%I using %I', opfname, amname),
               (SELECT string_agg(part, ', ' ORDER BY part COLLATE "C")
                FROM (SELECT concat_ws(' ', amopstrategy, amopopr::regoperator, amoppurpose)
                      FROM pg_amop WHERE amopfamily = pg_opfamily.oid
                      UNION ALL
                      SELECT concat_ws(' ', amprocnum, amproclefttype::regtype, amprocrighttype::regtype, amproc::regprocedure)
                      FROM pg_amproc WHERE amprocfamily = pg_opfamily.oid) AS parts (part))
        FROM pg_opfamily JOIN pg_am ON pg_am.oid = opfmethod
        WHERE members.class = 'pg_opfamily'::regclass AND pg_opfamily.oid = members.object
        UNION ALL
        SELECT 'collation', quote_ident(collname),
               (to_jsonb(pg_collation) - '{{oid,collname,collnamespace,collowner,collversion}}'::text[])::text
        FROM pg_collation
        WHERE members.class = 'pg_collation'::regclass AND pg_collation.oid = members.object
        UNION ALL
        SELECT 'conversion', quote_ident(conname),
               concat_ws(' ', pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding), conproc, condefault)
        FROM pg_conversion
        WHERE members.class = 'pg_conversion'::regclass AND pg_conversion.oid = members.object
        UNION ALL
        SELECT 'text search configuration', quote_ident(cfgname),
               concat_ws(' ', (SELECT prsname FROM pg_ts_parser WHERE pg_ts_parser.oid = cfgparser),
                         (SELECT string_agg(concat_ws(' ', maptokentype, mapdict::regdictionary), ', '
                                            ORDER BY maptokentype, mapseqno)
                          FROM pg_ts_config_map WHERE mapcfg = pg_ts_config.oid))
        FROM pg_ts_config
        WHERE members.class = 'pg_ts_config'::regclass AND pg_ts_config.oid = members.object
        UNION ALL
        SELECT 'text search dictionary', quote_ident(dictname),
               concat_ws(' ', (SELECT tmplname FROM pg_ts_template WHERE pg_ts_template.oid = dicttemplate), dictinitoption)
        FROM pg_ts_dict
        WHERE members.class = 'pg_ts_dict'::regclass AND pg_ts_dict.oid = members.object
        UNION ALL
        SELECT 'text search parser', quote_ident(prsname),
               concat_ws(' ', prsstart, prstoken, prsend, prsheadline, prslextype)
        FROM pg_ts_parser
        WHERE members.class = 'pg_ts_parser'::regclass AND pg_ts_parser.oid = members.object
        UNION ALL
        SELECT 'text search template', quote_ident(tmplname), concat_ws(' ', tmplinit, tmpllexize)
        FROM pg_ts_template
        WHERE members.class = 'pg_ts_template'::regclass AND pg_ts_template.oid = members.object
    ) AS other (kind, name, definition)
    WHERE members.class NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass)
), grants AS (
    -- What was granted or taken away, however it is stored: nothing stored and only the owner's own rights stored are the same.
    SELECT 'privileges' AS kind, concat_ws(' ', items.kind, nullif(items.name, '')) AS name, now_.rights AS definition
    FROM items
    CROSS JOIN LATERAL (
        SELECT string_agg(rights.said, '; ' ORDER BY rights.said COLLATE "C") AS rights
        FROM (SELECT concat_ws(' ', granted.grantee_name, 'may',
                               string_agg(granted.privilege, ', ' ORDER BY granted.privilege COLLATE "C")) AS said
              FROM (SELECT CASE acl.grantee WHEN 0 THEN 'PUBLIC' WHEN items.owner THEN '<owner>'
                                            ELSE acl.grantee::regrole::text END AS grantee_name,
                           acl.privilege_type || CASE WHEN acl.is_grantable AND acl.grantee <> items.owner
                                                      THEN ' (and grant)' ELSE '' END AS privilege
                    FROM aclexplode(items.acl) AS acl) AS granted
              GROUP BY granted.grantee_name) AS rights
    ) AS now_
    WHERE items.acl IS NOT NULL
      AND NOT (items.acl @> acldefault(items.acl_type, items.owner) AND items.acl <@ acldefault(items.acl_type, items.owner))
    UNION ALL
    SELECT 'default privileges',
           format('%s for %s', CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                                                  WHEN 'T' THEN 'types' ELSE defaclobjtype::text END,
                  CASE defaclrole WHEN space.nspowner THEN '<owner>' ELSE defaclrole::regrole::text END),
           (SELECT string_agg(said, '; ' ORDER BY said COLLATE "C")
            FROM (SELECT concat_ws(' ', CASE grantee WHEN 0 THEN 'PUBLIC' WHEN space.nspowner THEN '<owner>'
                                                     ELSE grantee::regrole::text END,
                                   'may', privilege_type, CASE WHEN is_grantable THEN '(and grant)' END) AS said
                  FROM aclexplode(defaclacl)) AS rights)
    FROM members
    JOIN pg_default_acl ON pg_default_acl.oid = members.object
    WHERE members.class = 'pg_default_acl'::regclass
)
SELECT items.kind, items.name,
       CASE
           WHEN items.definition IS NULL THEN ''
           WHEN strpos(items.definition, space.own) = 0 THEN items.definition
           -- There an alias may have the schema's name: only where a schema can stand.
           WHEN items.kind IN ('view', 'materialized view', 'rule', 'policy', 'trigger') THEN
               regexp_replace(regexp_replace(items.definition, space.after_keyword, '\1<schema>', 'g'),
                              space.before_call, '<schema>', 'g')
           ELSE regexp_replace(items.definition, space.anywhere, '<schema>', 'g')
       END AS definition
FROM items
WHERE items.kind <> 'schema' AND (items.kind <> 'index' OR items.definition IS NOT NULL)
UNION ALL
SELECT 'comment', items.kind || ' ' || items.name, description
FROM items
JOIN pg_description ON objoid = items.object AND classoid = items.class AND objsubid = items.part
UNION ALL
SELECT grants.kind, grants.name, coalesce(grants.definition, 'none') FROM grants
