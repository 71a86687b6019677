-- Room extensions, secrets: what core keeps and compares of secrets it must never be able to give back. MAC keys behind a keyring that no role reads,
-- the cost policy of password hashes (hashed and checked outside: no clear text comes here), and opaque tokens of which only a digest stays.

-- task: BUILD_0032 implement_feature critical
-- title: Keyed blind indexes: core.blind_index(text, purpose) for equality search on private values
-- does: core.keyring holds versioned MAC keys per purpose, filled by core.load_key() and read by keyed_mac() alone; blind_index() is the digest under
--   which a private value is found again. 'analytics:2026-07' uses the key of analytics and still differs from every other context of it.
-- proves: same value and purpose give the computed HMAC, another purpose, context or key version another; no key raises 55000; loading a key again
--   changes nothing and a new one retires the old, which still answers by version; members reach none of it (42501).
-- needs: BUILD_0015, BUILD_0021
create table core.keyring (
  purpose text not null constraint keyring_purpose_check check (purpose ~ '^[a-z][a-z0-9_.]{0,62}$'),
  version int not null constraint keyring_version_check check (version between 1 and 255),
  key_sealed bytea not null constraint keyring_key_sealed_check check (octet_length(key_sealed) >= 32),
  is_active boolean not null default true,
  loaded_at timestamptz not null default now(),
  retired_at timestamptz,
  constraint keyring_purpose_version_pk primary key (purpose, version),
  constraint keyring_is_active_check check (is_active = (retired_at is null))
);

create unique index keyring_purpose_key on core.keyring (purpose) where is_active;

create function core.load_key(purpose text, key bytea) returns int
  language plpgsql set search_path = ''
as $$
declare
  loaded int := (select k.version from core.keyring k where k.purpose = load_key.purpose and k.is_active and k.key_sealed = key);
begin
  if loaded is null then
    update core.keyring k set is_active = false, retired_at = now() where k.purpose = load_key.purpose and k.is_active;
    insert into core.keyring (purpose, version, key_sealed)
    select load_key.purpose, coalesce(max(k.version), 0) + 1, key from core.keyring k where k.purpose = load_key.purpose
    returning version into loaded;
  end if;
  return loaded;
end $$;

create function core.key_version(purpose text) returns int
  language plpgsql stable strict set search_path = ''
as $$
declare
  active int := (select k.version from core.keyring k where k.purpose = split_part(key_version.purpose, ':', 1) and k.is_active);
begin
  if active is null then
    raise exception 'there is no key for "%"', split_part(purpose, ':', 1)
      using errcode = 'object_not_in_prerequisite_state', hint = 'Load one from the key file with core.load_key().';
  end if;
  return active;
end $$;

create function core.keyed_mac(message bytea, purpose text, key_version int default null) returns bytea
  language sql stable
  return (
    select extensions.hmac(convert_to(keyed_mac.purpose, 'UTF8') || '\x00'::bytea || message, k.key_sealed, 'sha256') from core.keyring k
    where k.purpose = split_part(keyed_mac.purpose, ':', 1) and k.version = coalesce(keyed_mac.key_version, core.key_version(keyed_mac.purpose)));

create function core.blind_index(value text, purpose text, key_version int default null) returns bytea
  language sql stable
  return (
    select set_byte('\x00', 0, v) || substr(core.keyed_mac(convert_to(lower(normalize(btrim(value), nfc) collate pg_catalog.pg_unicode_fast), 'UTF8'), purpose, v), 1, 16)
    from coalesce(key_version, core.key_version(purpose)) v);

comment on table core.keyring is 'MAC keys per purpose and version; no encryption keys. Granted to no role, read by core.keyed_mac() alone; every restore rotates it. @secret @distribution local';
comment on column core.keyring.purpose is 'What the key is for, e.g. user.email. A purpose asked for as name:context uses the key of name.';
comment on column core.keyring.version is 'Counts from 1 within the purpose; the first byte of every blind index made with it.';
comment on column core.keyring.key_sealed is 'The key as the key file handed it over; sealing at rest is the security room''s. @secret';
comment on column core.keyring.is_active is 'New digests are made with this version; one per purpose.';
comment on column core.keyring.loaded_at is 'When the key came in.';
comment on column core.keyring.retired_at is 'Since when the version only checks what was made before.';
comment on index core.keyring_purpose_key is 'One active key per purpose; finds it in core.key_version().';
comment on function core.load_key is 'Makes key the active one of its purpose, the one before is retired; the active key again changes nothing. Returns the version. Hand it over as a bind parameter: literals are logged.';
comment on function core.key_version is 'Active key version of a purpose (or of name:context); 55000 when no key was loaded.';
comment on function core.keyed_mac is 'HMAC-SHA256 over purpose, a zero byte and the message under the purpose''s key, null for a version that does not exist. Owner functions only.';
comment on function core.blind_index is 'Digest under which a private value is found again: key version, then 16 bytes of MAC. Trimmed, NFC and lower case, but accents count: two addresses that differ by one are two mailboxes. Owner functions only.';

-- verify
select blueprint.raises($$ select core.blind_index('a@x.org', 'probe_0032') $$, '55000', 'probe_0032');
select core.load_key('probe_0032', repeat('k', 32)::bytea) = 1;
select core.load_key('probe_0032', repeat('k', 32)::bytea) = 1, core.key_version('probe_0032:any') = 1;
select core.load_key('probe_0032.b', repeat('k', 32)::bytea) = 1;
select core.blind_index(' A@x.org', 'probe_0032') = '\x01'::bytea || substr(extensions.hmac('probe_0032\000a@x.org'::bytea, repeat('k', 32)::bytea, 'sha256'), 1, 16),
  core.blind_index('A@x.org', 'probe_0032') = core.blind_index(U&'a@x.org ', 'probe_0032'), core.blind_index(null, 'probe_0032') is null,
  core.blind_index('josé@x.org', 'probe_0032') = core.blind_index(U&'jose\0301@x.org', 'probe_0032'), core.blind_index('josé@x.org', 'probe_0032') <> core.blind_index('jose@x.org', 'probe_0032'),
  core.blind_index('a@x.org', 'probe_0032') <> core.blind_index('a@x.org', 'probe_0032.b'), core.blind_index('a@x.org', 'probe_0032') <> core.blind_index('a@x.org', 'probe_0032:b');
select set_config('probe.before', core.blind_index('a@x.org', 'probe_0032')::text, true) is not null, core.load_key('probe_0032', repeat('K', 32)::bytea) = 2;
select core.blind_index('a@x.org', 'probe_0032', 1)::text = current_setting('probe.before'), get_byte(core.blind_index('a@x.org', 'probe_0032'), 0) = 2,
  substr(core.blind_index('a@x.org', 'probe_0032'), 2) <> substr(core.blind_index('a@x.org', 'probe_0032', 1), 2), core.blind_index('a@x.org', 'probe_0032', 3) is null;
select is_active = (version = 2), is_active = (retired_at is null), loaded_at = now() from core.keyring where purpose = 'probe_0032';
select purpose, version, blueprint.raises(format('insert into core.keyring (purpose, version, key_sealed, retired_at) values (%L, %s, %L, %s)', purpose, version, key, retired), state, rule)
from (values
  ('Probe', 1, repeat('k', 32)::bytea, 'null', '23514', 'keyring_purpose_check'), ('probe', 0, repeat('k', 32)::bytea, 'null', '23514', 'keyring_version_check'),
  ('probe', 1, repeat('k', 31)::bytea, 'null', '23514', 'keyring_key_sealed_check'), ('probe', 1, repeat('k', 32)::bytea, 'now()', '23514', 'keyring_is_active_check'),
  ('probe_0032', 3, repeat('k', 32)::bytea, 'null', '23505', 'keyring_purpose_key'), ('probe_0032', 2, repeat('k', 32)::bytea, 'null', '23505', 'keyring_purpose_version_pk')
) rules(purpose, version, key, retired, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.keyring'::regclass;
select bool_and(attnotnull) from pg_attribute where attrelid = 'core.keyring'::regclass and attname = any ('{purpose,version,key_sealed,is_active,loaded_at}');
select f, not has_function_privilege('hc_replicator', f::regprocedure, 'execute')
from unnest(array['core.load_key(text, bytea)', 'core.key_version(text)', 'core.keyed_mac(bytea, text, int)', 'core.blind_index(text, text, int)']) f;
set local role hc_admin;
select blueprint.raises($$ select core.blind_index('a@x.org', 'probe_0032') $$, '42501', 'blind_index'), blueprint.raises('select from core.keyring', '42501', 'keyring');

-- task: BUILD_0033 implement_feature critical
-- title: Password hashing policy: PHC strings by core.phc, needs_rehash, dummy_phc and same_digest
-- does: Passwords are hashed and checked with argon2id outside; here stand the strings and the rules. Domain core.phc keeps clear text and weak schemes
--   out of columns, secret_policies states the cost per kind of secret, needs_rehash() judges a string by it, dummy_phc() gives an unknown account
--   something of the same cost to check against, same_digest() compares in constant time.
-- proves: clear text, md5 and argon2i are refused (23514), a string at policy cost passes, a cheaper one, a short salt and bcrypt need a rehash and raising
--   the policy makes the first need one too; dummies meet the policy and never repeat; only the worker may call.
-- needs: BUILD_0015, BUILD_0021
create domain core.phc as text
  constraint phc_check check (length(value) >= 40 and length(value) <= 300 and value ~ '^\$(argon2id|scrypt|pbkdf2-sha256|pbkdf2-sha512|2[aby])\$[A-Za-z0-9./+,=$-]+$');

create table core.secret_policies (
  kind text constraint secret_policies_kind_pk primary key,
  memory_kib int not null default 19456 constraint secret_policies_memory_kib_check check (memory_kib >= 19456),
  passes int not null default 2 constraint secret_policies_passes_check check (passes >= 2),
  lanes int not null default 1 constraint secret_policies_lanes_check check (lanes between 1 and 16),
  salt_bytes int not null default 16 constraint secret_policies_salt_bytes_check check (salt_bytes between 16 and 64),
  digest_bytes int not null default 32 constraint secret_policies_digest_bytes_check check (digest_bytes between 32 and 64)
);

insert into core.secret_policies (kind) values ('password'), ('recovery_code');

create function core.needs_rehash(phc text, kind text default 'password') returns boolean
  language sql stable strict security definer
  return not exists (
    select from core.secret_policies p, regexp_match(phc, '^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$') f
    where p.kind = needs_rehash.kind and f[1]::int >= p.memory_kib and f[2]::int >= p.passes and f[3]::int >= p.lanes
      and length(f[4]) * 3 / 4 >= p.salt_bytes and length(f[5]) * 3 / 4 >= p.digest_bytes);

create function core.dummy_phc(kind text default 'password') returns core.phc
  language sql strict security definer
  return (
    select format('$argon2id$v=19$m=%s,t=%s,p=%s$%s$%s', memory_kib, passes, lanes,
      translate(encode(extensions.gen_random_bytes(salt_bytes), 'base64'), e'=\n', ''), translate(encode(extensions.gen_random_bytes(digest_bytes), 'base64'), e'=\n', ''))
    from core.secret_policies p where p.kind = dummy_phc.kind);

create function core.same_digest(a bytea, b bytea) returns boolean
  language sql volatile
  return (select coalesce(extensions.hmac(a, k, 'sha256') = extensions.hmac(b, k, 'sha256'), false) from extensions.gen_random_bytes(32) k);

comment on domain core.phc is 'Hash of a secret as a PHC or crypt string: $argon2id$..., and legacy $scrypt$, $pbkdf2-...$, $2b$. Clear text, md5 and argon2i or d are none.';
comment on table core.secret_policies is 'Least argon2id cost per kind of secret (OWASP: 19 MiB, 2 passes). Raise it as hardware grows: older hashes then ask for a rehash at the next sign-in. @distribution local';
comment on column core.secret_policies.kind is 'Kind of secret, as in identity.credentials.kind.';
comment on column core.secret_policies.memory_kib is 'Parameter m.';
comment on column core.secret_policies.passes is 'Parameter t.';
comment on column core.secret_policies.lanes is 'Parameter p.';
comment on column core.secret_policies.salt_bytes is 'Length of the random salt.';
comment on column core.secret_policies.digest_bytes is 'Length of the digest.';
comment on function core.needs_rehash is 'True unless phc is argon2id at the cost of the kind''s policy or above; so true for legacy schemes, anything unreadable and an unknown kind. Security definer: policies are granted to nobody.';
comment on function core.dummy_phc is 'Hash of nothing at the cost of the policy: check a sign-in for an unknown account against it, so that both take as long; and read the cost for a new hash from it. Security definer: policies are granted to nobody.';
comment on function core.same_digest is 'True when both are equal; the time tells nothing about where they differ (compared as MACs under a key of the moment). Null equals nothing.';

grant execute on function core.needs_rehash, core.dummy_phc to hc_worker;

-- verify
select phc, blueprint.raises(format('select %L::core.phc', phc), '23514', 'phc_check')
from unnest(array['hunter2', 'correct horse battery staple', '5f4dcc3b5aa765d61d8327deb882cf99', '$1$5O3yxz3B$S/qq5K6hqkxvYdUqVEyN60',
  '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$IMit9qkFULCMA/ViizL57cnTLOa5DiVM9eMwpAvPwr4']) phc;
select phc, core.needs_rehash(phc::core.phc) = expected
from (values
  ('$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$CLHHRzIhUCLzbm5xlSC+4/OkKpr/GrZAgOYJkaZLbm0', false),
  ('$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$CLHHRzIhUCLzbm5xlSC+4/OkKpr/GrZAgOYJkaZLbm0', false),
  ('$argon2id$v=19$m=19455,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$CLHHRzIhUCLzbm5xlSC+4/OkKpr/GrZAgOYJkaZLbm0', true),
  ('$argon2id$v=19$m=65536,t=1,p=4$MDEyMzQ1Njc4OWFiY2RlZg$CLHHRzIhUCLzbm5xlSC+4/OkKpr/GrZAgOYJkaZLbm0', true),
  ('$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CLHHRzIhUCLzbm5xlSC+4/OkKpr/GrZAgOYJkaZLbm0', true),
  ('$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$CLHHRzIhUCLzbm5xlSC+4w', true),
  ('$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', true)) samples(phc, expected);
select core.needs_rehash('hunter2'), core.needs_rehash(core.dummy_phc(), 'no such kind'), core.needs_rehash(null) is null, core.dummy_phc('no such kind') is null;
select kind, not core.needs_rehash(core.dummy_phc(kind), kind), core.dummy_phc(kind) <> core.dummy_phc(kind) from unnest(array['password', 'recovery_code']) kind;
update core.secret_policies set passes = 3 where kind = 'password';
select core.needs_rehash('$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$CLHHRzIhUCLzbm5xlSC+4/OkKpr/GrZAgOYJkaZLbm0'), core.dummy_phc() like '%,t=3,%';
select core.same_digest('\x0102', '\x0102'), not core.same_digest('\x0102', '\x0103'), not core.same_digest('\x0102', null), not core.same_digest(null, null);
insert into core.secret_policies (kind) values ('probe_0033') returning memory_kib = 19456, passes = 2, lanes = 1, salt_bytes = 16, digest_bytes = 32;
select rule, blueprint.raises('insert into core.secret_policies (' || columns || ') values (' || given || ')', state, rule)
from (values ('kind, memory_kib', '''a'', 19455', '23514', 'secret_policies_memory_kib_check'), ('kind, passes', '''a'', 1', '23514', 'secret_policies_passes_check'),
  ('kind, lanes', '''a'', 0', '23514', 'secret_policies_lanes_check'), ('kind, salt_bytes', '''a'', 15', '23514', 'secret_policies_salt_bytes_check'),
  ('kind, digest_bytes', '''a'', 31', '23514', 'secret_policies_digest_bytes_check'), ('kind', '''password''', '23505', 'secret_policies_kind_pk')) rules(columns, given, state, rule);
select relrowsecurity and relforcerowsecurity from pg_class where oid = 'core.secret_policies'::regclass;
select bool_and(attnotnull) from pg_attribute where attrelid = 'core.secret_policies'::regclass and attname = any ('{memory_kib,passes,lanes,salt_bytes,digest_bytes}');
select f, has_function_privilege('hc_worker', f::regprocedure, 'execute') = granted, not has_function_privilege('hc_replicator', f::regprocedure, 'execute')
from (values ('core.needs_rehash(text, text)', true), ('core.dummy_phc(text)', true), ('core.same_digest(bytea, bytea)', false)) functions(f, granted);
set local role hc_worker;
select core.needs_rehash(core.dummy_phc()) = false, blueprint.raises('select from core.secret_policies', '42501', 'secret_policies');

-- task: BUILD_0034 implement_feature critical
-- title: Opaque token minting with recognisable prefix, checksum and digest-only storage
-- does: core.mint_token() makes 'hc_<kind>_<random><checksum>' with its digest and a display hint; token_digest() is what is stored and compared,
--   looks_like_token() tells scanners a leaked one from noise without asking the database's secrets.
-- proves: 150 tokens are distinct and look like tokens, any changed character does not; the digest is the SHA-256 of the token; the checksum agrees
--   with a value computed elsewhere; bad kinds and lengths raise 22023.
-- needs: BUILD_0012, BUILD_0021
create function core.token_checksum(body text) returns text
  language sql immutable strict parallel safe
  return (
    select string_agg(substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', (crc32(convert_to(body, 'UTF8')) / place % 62)::int + 1, 1), '' order by place desc)
    from unnest('{1,62,3844,238328,14776336,916132832}'::bigint[]) place);

create function core.token_digest(token text) returns bytea
  language sql immutable strict parallel safe
  return sha256(convert_to(token, 'UTF8'));

create function core.looks_like_token(value text) returns boolean
  language sql immutable strict parallel safe
  return length(value) >= 33 and length(value) <= 112 and value ~ '^hc_[a-z][a-z0-9]*_[0-9A-Za-z]+$' and right(value, 6) = core.token_checksum(left(value, -6));

create function core.mint_token(kind text, bytes int default 32, out token text, out digest bytea, out hint text)
  language plpgsql set search_path = ''
as $$
begin
  if kind ~ '^[a-z][a-z0-9]{0,15}$' and bytes between 16 and 64 then
    -- Base64 without + and / is base62 by rejection: every remaining digit is as likely as any other.
    token := 'hc_' || kind || '_' || left(translate(encode(extensions.gen_random_bytes(3 * bytes), 'base64'), e'+/\n', ''), ceil(bytes * 8 / log(2, 62))::int);
    token := token || core.token_checksum(token);
    digest := core.token_digest(token);
    hint := left(token, length(kind) + 8) || '...';
  else
    raise exception 'cannot mint a token of kind "%" with % bytes', kind, bytes
      using errcode = 'invalid_parameter_value', hint = 'Kinds are 1 to 16 of a-z and 0-9, starting with a letter; 16 to 64 bytes of randomness.';
  end if;
end $$;

comment on function core.token_checksum is 'CRC-32 of the text (zlib) as six base62 digits 0-9A-Za-z: the end of every token. Finds typing errors and false alarms; proves nothing.';
comment on function core.token_digest is 'What is stored of a token and looked up: its SHA-256. Enough for random tokens; passwords need core.phc.';
comment on function core.looks_like_token is 'True for hc_<kind>_ tokens with a right checksum, as scanners for leaked secrets ask it. Says nothing about whether it is live.';
comment on function core.mint_token is 'A new token hc_<kind>_<random><checksum>, its digest to store and a hint to show (its first characters). The token itself is handed out once and kept nowhere.';

grant execute on function core.looks_like_token, core.token_checksum to hc_worker, hc_moderator;

-- verify
select count(distinct t.token) = 150, bool_and(core.looks_like_token(t.token)), bool_and(t.digest = core.token_digest(t.token)), bool_and(t.token ~ '^hc_probe_[0-9A-Za-z]+$'),
  bool_and(t.hint = left(t.token, 13) || '...'), min(length(t.token)) = 58
from generate_series(1, 150) i, core.mint_token('probe', 32 + 0 * i) t;
select core.token_checksum('hc_probe_123') = '1Id1DN', core.token_digest('abc') = '\xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  length((core.mint_token('p', 16)).token) = 5 + 22 + 6;
select count(*) = 58, bool_and(not core.looks_like_token(overlay(t.token placing case substr(t.token, i, 1) when 'x' then 'y' else 'x' end from i))), not bool_or(core.looks_like_token(left(t.token, -1)))
from core.mint_token('probe') t, generate_series(1, length(t.token)) i;
select kind, blueprint.raises(format('select core.mint_token(%L, %s)', kind, bytes), '22023', kind) from (values ('Bad', 32), ('under_score', 32), ('', 32), ('probe', 15), ('probe', 65)) v(kind, bytes);
select f, has_function_privilege('hc_worker', f::regprocedure, 'execute') = granted, has_function_privilege('hc_moderator', f::regprocedure, 'execute') = granted,
  not has_function_privilege('hc_replicator', f::regprocedure, 'execute')
from (values ('core.looks_like_token(text)', true), ('core.mint_token(text, int)', false), ('core.token_digest(text)', false), ('core.token_checksum(text)', true)) functions(f, granted);
