-- The words canaries are written in. They are loaded by a superuser without triggers and foreign keys, so a row needs
-- no more than its CHECKs and NOT NULLs; id('ada') is an id that Python makes from the same name (cast.py).
create schema canary;

create function canary.id(name text) returns uuid
  language sql immutable
  return md5(name)::uuid;

create function canary.digest(name text) returns bytea
  language sql immutable
  return sha256(convert_to(name, 'UTF8'));

create function canary.past() returns tstzrange
  language sql stable
  return tstzrange(now() - interval '2 years', now() - interval '1 year');

create function canary.running() returns tstzrange
  language sql stable
  return tstzrange(now() - interval '1 day', null);
