create extension pgcrypto schema extensions;

comment on function extensions.gen_salt(text) is 'Salt';
