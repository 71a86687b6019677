-- Room identity, documentation: what every table, column, function and trigger is for, and which columns hold secrets or personal data.

-- task: BUILD_0050 add_comments
-- title: Document identity objects and tag every secret and personal column
-- does: Comments on all that has none yet. @secret marks what nobody reads (hashes, sealed values, digests), @pii what is about a person and goes when it is erased
--   (`@pii delete`: the whole row), @retention how long rows stay, @distribution where they live; masking, erasure and the API's exposure check read these marks.
-- proves: nothing in room identity is undocumented, the secret columns are marked as secret and the personal ones as personal, sessions and challenges have a retention.
-- needs: BUILD_0010, BUILD_0043, BUILD_0044, BUILD_0046, BUILD_0047, BUILD_0048, BUILD_0049, BUILD_0052, BUILD_0053, BUILD_0055, BUILD_0056, BUILD_0057, BUILD_0058, BUILD_0059, BUILD_0060
comment on table identity.profiles is 'What people tell about themselves; one row an account, made at sign-up. @distribution reference';
comment on column identity.profiles.user_id is 'Whose profile.';
comment on column identity.profiles.bio is 'A few words about oneself. @pii';
comment on column identity.profiles.avatar_asset_id is 'Picture, null when there is none or its file went. @pii';
comment on column identity.profiles.city is 'Where somebody lives. @pii';
comment on column identity.profiles.region is 'State or region. @pii';
comment on column identity.profiles.country is 'Country of the profile; core.users.country is that of the account. @pii';
comment on column identity.profiles.pronouns is 'As somebody wants to be spoken of. @pii';
comment on column identity.profiles.twin_name is 'Name of the digital twin that answers for the person. @pii';
comment on column identity.profiles.social is 'Handles elsewhere, as {"github": "ada"}. @pii';
comment on column identity.profiles.interests is 'Topics somebody likes to be found by. @pii';
comment on column identity.profiles.visibility is 'Who sees a field: {"city": "private"}; public, members (when not named) or private.';
comment on column identity.profiles.metadata is 'Notes of the platform.';
comment on column identity.profiles.created_at is 'When the profile was made.';
comment on column identity.profiles.updated_at is 'When the row last really changed.';

comment on table identity.credentials is 'What people sign in with: passwords, authenticators, security keys, recovery codes, wallets. Revoked rows stay until their owner is erased. @distribution local';
comment on column identity.credentials.id is 'Version 7 UUID.';
comment on column identity.credentials.user_id is 'Whose credential; never changes.';
comment on column identity.credentials.kind is 'password, totp, webauthn, recovery_codes (a row a code) or wallet; never changes.';
comment on column identity.credentials.label is 'Name its owner knows it by, as "yellow key". @pii delete';
comment on column identity.credentials.secret_hash is 'PHC string of a password or recovery code, checked outside the database. @secret';
comment on column identity.credentials.secret_sealed is 'Secret of an authenticator, encrypted outside the database. @secret';
comment on column identity.credentials.credential_id is 'Identifier of a security key, unique over all people. @secret';
comment on column identity.credentials.public_key is 'Public half of a key; nothing to hide.';
comment on column identity.credentials.sign_count is 'Last signature counter of a security key: it only grows, unless the key was cloned.';
comment on column identity.credentials.params is 'By kind: last_step and confirmed of an authenticator, rehashed_at of a password, transports of a key.';
comment on column identity.credentials.enrolled_at is 'When it was set up.';
comment on column identity.credentials.last_used_at is 'When it last proved its owner; an authenticator counts as a factor from the first time on.';
comment on column identity.credentials.revoked_at is 'When it was taken out of use.';
comment on column identity.credentials.compromised_at is 'When a clone of the key showed itself; it is refused from then on.';
comment on column identity.credentials.created_at is 'When the row was made.';
comment on column identity.credentials.updated_at is 'When the row last really changed.';

comment on table identity.external_identities is 'Accounts at other providers that sign somebody in. Unlinked rows stay until their owner is erased. @distribution local';
comment on column identity.external_identities.id is 'Version 7 UUID.';
comment on column identity.external_identities.user_id is 'Whom it signs in.';
comment on column identity.external_identities.provider is 'As google, github, wix.';
comment on column identity.external_identities.subject is 'Identifier of the account at the provider. @pii delete';
comment on column identity.external_identities.email is 'Mail the provider vouched for when it was linked. @pii';
comment on column identity.external_identities.claims is 'What the provider said at the last sign-in. @pii';
comment on column identity.external_identities.linked_at is 'When it was linked.';
comment on column identity.external_identities.unlinked_at is 'When it was unlinked; null while it is live.';
comment on column identity.external_identities.created_at is 'When the row was made.';
comment on column identity.external_identities.updated_at is 'When the row last really changed.';

comment on table identity.sessions is 'Where somebody is or was signed in. @retention 90 days after they end @distribution local';
comment on column identity.sessions.id is 'Version 7 UUID; claim sid.';
comment on column identity.sessions.user_id is 'Who is signed in; never changes.';
comment on column identity.sessions.auth_level is 'aal1, or aal2 after a second factor.';
comment on column identity.sessions.ip is 'Address it was made from. @pii';
comment on column identity.sessions.user_agent_hash is 'SHA-256 of the browser''s name, to notice a change. @secret';
comment on column identity.sessions.device is 'name and fingerprint of the device. @pii';
comment on column identity.sessions.created_at is 'When somebody signed in.';
comment on column identity.sessions.last_seen_at is 'Last use.';
comment on column identity.sessions.expires_at is 'Fourteen days after the last use.';
comment on column identity.sessions.absolute_expires_at is 'Ninety days after the sign-in, whatever happens; never changes.';
comment on column identity.sessions.revoked_at is 'When it was ended before its time.';
comment on column identity.sessions.revoke_reason is 'Why: password_changed, account_suspended, reuse_detected, or in the words of who ended it.';

comment on table identity.refresh_tokens is 'The family of a session''s refresh tokens, digests only: each is used once and has one successor. Goes with its session. @distribution local';
comment on column identity.refresh_tokens.token_sha256 is 'Digest of the token. @secret';
comment on column identity.refresh_tokens.session_id is 'The session it prolongs.';
comment on column identity.refresh_tokens.generation is 'Counts from 1 within the session.';
comment on column identity.refresh_tokens.parent_sha256 is 'Digest of the token it follows. @secret';
comment on column identity.refresh_tokens.issued_at is 'When it was handed out.';
comment on column identity.refresh_tokens.used_at is 'When it was exchanged; coming back more than ten seconds later it ends the session.';
comment on column identity.refresh_tokens.expires_at is 'When it lapses unused.';

comment on table identity.challenges is 'Proofs asked for and attempts made; granted to nobody. @retention 7 days @distribution local';
comment on column identity.challenges.id is 'Version 7 UUID.';
comment on column identity.challenges.user_id is 'Who is asked, null for an unknown mail; never changes.';
comment on column identity.challenges.purpose is 'email_verify, password_reset, login_otp, wallet_proof, webauthn, password or totp.';
comment on column identity.challenges.target is 'What it is about, by purpose: an address, a credential, a mail, a step. @pii delete';
comment on column identity.challenges.code_hash is 'Digest of the code that was sent. @secret';
comment on column identity.challenges.nonce is 'Random bytes to be signed. @secret';
comment on column identity.challenges.attempts is 'Wrong answers so far, five at most; a password attempt begun under a lock starts with five.';
comment on column identity.challenges.created_at is 'By the clock, not the transaction: locks count from here.';
comment on column identity.challenges.expires_at is 'Within a day.';
comment on column identity.challenges.consumed_at is 'When it was answered, or forgiven by a success.';

comment on table identity.roles is 'Ladder of roles: what somebody can be granted and which database role that means. @distribution reference';
comment on column identity.roles.code is 'As moderator.';
comment on column identity.roles.db_role is 'Database role of requests under it.';
comment on column identity.roles.description is 'What it is for.';
comment on column identity.roles.rank is 'Who grants it needs a higher one.';
comment on column identity.roles.is_privileged is 'Granting it takes a second factor and is logged.';
comment on column identity.roles.requires_aal is 'Level a session needs for the role to count.';
comment on column identity.roles.inherits is 'Codes of the roles it includes.';

comment on table identity.user_roles is 'Who holds which role, where and when; grants end by time. @distribution local';
comment on column identity.user_roles.id is 'Version 7 UUID.';
comment on column identity.user_roles.user_id is 'The holder; never changes.';
comment on column identity.user_roles.role_code is 'The role; never changes.';
comment on column identity.user_roles.scope_kind is 'global, club, microfactory or group.';
comment on column identity.user_roles.scope_id is 'Which one; null for global.';
comment on column identity.user_roles.scope_key is 'scope_id as text, * for global, so that global grants cannot overlap either.';
comment on column identity.user_roles.granted_by is 'Who granted it; null for sign-up and set-up.';
comment on column identity.user_roles.reason is 'Why.';
comment on column identity.user_roles.during is 'When it counts.';
comment on column identity.user_roles.created_at is 'When the row was made.';
comment on column identity.user_roles.updated_at is 'When the row last really changed.';

comment on table identity.groups is 'Teams, campuses, organisations and households, in a tree. @distribution reference';
comment on column identity.groups.id is 'Version 7 UUID.';
comment on column identity.groups.slug is 'Name in addresses, unique.';
comment on column identity.groups.name is 'Name as shown.';
comment on column identity.groups.kind is 'team, campus, organisation or household.';
comment on column identity.groups.owner_id is 'Who it belongs to; manages it without being a member.';
comment on column identity.groups.path is 'Place in the tree, as berlin.tu.robotics.';
comment on column identity.groups.join_policy is 'open, request or invite.';
comment on column identity.groups.created_at is 'When it was founded.';
comment on column identity.groups.updated_at is 'When the row last really changed.';

comment on table identity.group_members is 'Who is in which group, as what and when. @distribution local';
comment on column identity.group_members.group_id is 'The group.';
comment on column identity.group_members.user_id is 'The member.';
comment on column identity.group_members.role is 'owner, manager or member.';
comment on column identity.group_members.during is 'When; no two at a time.';

comment on table identity.invitations is 'Invitations by single-use token, digests only. @distribution local';
comment on column identity.invitations.id is 'Version 7 UUID.';
comment on column identity.invitations.email_bidx is 'Keyed digest of the mail it is bound to; null binds it to nobody. @secret';
comment on column identity.invitations.invited_by is 'Who invites.';
comment on column identity.invitations.target_kind is 'group, club, design or microfactory.';
comment on column identity.invitations.target_id is 'What to.';
comment on column identity.invitations.role is 'As what.';
comment on column identity.invitations.token_sha256 is 'Digest of the token. @secret';
comment on column identity.invitations.max_uses is 'How often it may still be used.';
comment on column identity.invitations.expires_at is 'When it lapses.';
comment on column identity.invitations.accepted_at is 'When it was used up.';
comment on column identity.invitations.accepted_by is 'Who used it last.';
comment on column identity.invitations.revoked_at is 'When it was taken back.';
comment on column identity.invitations.created_at is 'When it was sent.';
comment on column identity.invitations.updated_at is 'When the row last really changed.';

comment on function identity.create_session is 'Signs an active account in: the session and its first refresh token, shown once. Security definer: sessions and tokens are written by functions alone.';
comment on function identity.session_is_live is 'Not revoked, not expired, and its account active. Security definer: callers read no session.';
comment on function identity.touch_session is 'Notes a use and prolongs the session, never past its absolute end; false when it is dead. Security definer: sessions are written by functions alone.';
comment on function identity.revoke_session is 'Ends an own session (moderators and the worker: any); false when there was nothing to end. Security definer: members write no session.';
comment on function identity.claims_for is 'Claims the gateway signs for a session: sub, sid, the highest role its level allows, scopes (all of those), aal, exp; 28000 when it has ended. Security definer: callers read no session.';
comment on function identity.has_factor is 'Whether a person has a second factor in use: a live security key or an authenticator that has been confirmed. Security definer: callers read no credential.';
comment on function identity.welcome_user is 'Trigger of core.users: profile and role member of a new account.';
comment on function identity.end_sessions is 'Trigger of core.users and identity.credentials: ends all live sessions, with the reason.';
comment on function identity.log_role is 'Trigger of identity.user_roles: grants and ends of privileged roles go to core.status_changes.';
comment on trigger users_welcome on core.users is 'A new account gets its profile and the role member.';
comment on trigger users_end_sessions on core.users is 'Who is no longer active is signed out everywhere.';
comment on trigger credentials_end_sessions on identity.credentials is 'A changed or revoked password signs out everywhere; a rehash of the same one does not.';
comment on trigger user_roles_log on identity.user_roles is 'Privileged roles come and go on the record.';
comment on trigger profiles_touch on identity.profiles is 'Moves updated_at.';
comment on trigger credentials_touch on identity.credentials is 'Moves updated_at.';
comment on trigger external_identities_touch on identity.external_identities is 'Moves updated_at.';
comment on trigger user_roles_touch on identity.user_roles is 'Moves updated_at.';
comment on trigger groups_touch on identity.groups is 'Moves updated_at.';
comment on trigger invitations_touch on identity.invitations is 'Moves updated_at.';
comment on trigger credentials_freeze on identity.credentials is 'A credential changes neither its owner nor its kind.';
comment on trigger sessions_freeze on identity.sessions is 'A session changes neither its owner nor its end.';
comment on trigger challenges_freeze on identity.challenges is 'A challenge stays that of who was asked.';
comment on trigger user_roles_freeze on identity.user_roles is 'A grant changes neither its holder nor its role; end it and grant another.';

-- verify
select count(*) = 0 from blueprint.undocumented('identity');
select count(*) = 2 and bool_and(obj_description(oid, 'pg_trigger') is not null) from pg_trigger where tgrelid = 'core.users'::regclass and tgname in ('users_welcome', 'users_end_sessions');
select t, bool_and(c in (select column_name from blueprint.annotations(('identity.' || t)::regclass) where tag = mark)) from (values
  ('credentials', 'secret', 'secret_hash,secret_sealed,credential_id'), ('refresh_tokens', 'secret', 'token_sha256,parent_sha256'), ('challenges', 'secret', 'code_hash,nonce'),
  ('invitations', 'secret', 'email_bidx,token_sha256'), ('sessions', 'secret', 'user_agent_hash'), ('sessions', 'pii', 'ip,device'), ('external_identities', 'pii', 'subject,email,claims'),
  ('profiles', 'pii', 'bio,avatar_asset_id,city,region,country,pronouns,twin_name,social,interests')) v(t, mark, cols), unnest(string_to_array(cols, ',')) c group by t, mark;
select t, value like term || '%' from (values ('sessions', '90 days'), ('challenges', '7 days')) v(t, term), blueprint.annotations(('identity.' || t)::regclass) where tag = 'retention';
select count(*) = 11 from pg_class c, blueprint.annotations(c.oid) where c.relnamespace = 'identity'::regnamespace and tag = 'distribution' and column_name is null
  and relname in ('profiles', 'credentials', 'external_identities', 'sessions', 'refresh_tokens', 'challenges', 'roles', 'user_roles', 'groups', 'group_members', 'invitations');
