-- Room identity: what ada and bob sign in with, and groups of ivy in which cal is and dot was.
insert into identity.profiles (user_id, bio, visibility)
select id(name), 'canary', case name when 'ada' then '{"bio": "private"}' else '{"bio": "public"}' end::jsonb from unnest(array['ada', 'bob', 'sam']) name;

insert into identity.credentials (id, user_id, kind, label, secret_hash, secret_sealed, revoked_at) values
  (id('totp ada'), id('ada'), 'totp', 'canary', null, digest('totp'), null), (id('totp bob'), id('bob'), 'totp', 'canary', null, digest('totp'), null),
  (id('old totp ada'), id('ada'), 'totp', 'canary', null, digest('totp'), now());

insert into identity.external_identities (id, user_id, provider, subject, email)
select id('link ' || name), id(name), 'canary', name, name || '@canary.example' from unnest(array['ada', 'bob']) name;

insert into identity.sessions (id, user_id, user_agent_hash, expires_at, absolute_expires_at)
select id('session ' || name), id(name), digest('agent'), now() + interval '1 hour', now() + interval '1 day' from unnest(array['ada', 'bob']) name;
insert into identity.refresh_tokens (token_sha256, session_id, generation, expires_at) values (digest('refresh'), id('session ada'), 1, now() + interval '1 day');

insert into identity.challenges (id, user_id, purpose, target, code_hash, nonce, expires_at)
values (id('challenge ada'), id('ada'), 'email_verify', 'ada@canary.example', digest('code'), digest('nonce'), now() + interval '1 hour');

insert into identity.roles (code, db_role, description, rank) values ('canary', 'hc_member', 'canary', 99);
insert into identity.user_roles (id, user_id, role_code, scope_kind, scope_id, during) values
  (id('role cal'), id('cal'), 'operator', 'microfactory', id('factory ivy'), running()), (id('role dot'), id('dot'), 'operator', 'microfactory', id('factory ivy'), past()),
  (id('role eve'), id('eve'), 'member', 'microfactory', id('factory ivy'), running()), (id('role moe'), id('moe'), 'moderator', 'global', null, running());

insert into identity.groups (id, slug, name, owner_id) values
  (id('group ivy'), 'canary-ivy', 'Canary', id('ivy')), (id('group bob'), 'canary-bob', 'Canary', id('bob'));
insert into identity.group_members (group_id, user_id, role, during) values
  (id('group ivy'), id('ivy'), 'owner', running()), (id('group ivy'), id('cal'), 'manager', running()), (id('group ivy'), id('ada'), 'member', running()),
  (id('group ivy'), id('dot'), 'member', past()), (id('group bob'), id('bob'), 'owner', running());

insert into identity.invitation_handlers (target_kind, may_invite, admit) values ('canary', 'canary.may_invite', 'canary.admit');
insert into identity.invitations (id, email_bidx, invited_by, target_kind, target_id, token_sha256, expires_at) values
  (id('invitation ivy'), digest('mail eve'), id('ivy'), 'group', id('group ivy'), digest('invitation ivy'), now() + interval '1 day'),
  (id('invitation bob'), digest('mail eve'), id('bob'), 'group', id('group bob'), digest('invitation bob'), now() + interval '1 day');
