-- Room automation: what was sent to ada's and bob's hooks, and prompts of ada in every visibility.
insert into automation.event_types (name, description, json_schema, sample, is_public) values
  ('canary.shown', 'canary', '{}', '{}', true), ('canary.hidden', 'canary', '{}', '{}', false);
insert into automation.aggregate_heads (aggregate_kind, aggregate_id, last_seq) values ('canary', id('ada'), 1);
insert into automation.outbox (id, event_type, aggregate_kind, aggregate_id, aggregate_seq, payload) values (id('event out'), 'canary.hidden', 'canary', id('ada'), 1, '{"canary": 1}');
insert into automation.subscriptions (webhook_id, event_pattern) select id('hook ' || name), 'canary.*' from unnest(array['ada', 'bob']) name;
insert into automation.signing_keys (id, webhook_id, key_id, secret_sealed) select id('key ' || name), id('hook ' || name), 'canary-' || name, digest('signing') from unnest(array['ada', 'bob']) name;
insert into automation.deliveries (id, webhook_id, event_id, event_at, event_type) select id('delivery ' || name), id('hook ' || name), id('event out'), now(), 'canary.hidden' from unnest(array['ada', 'bob']) name;
insert into automation.delivery_attempts (id, webhook_id, delivery_id, attempt_no, request_headers) select id('try ' || name), id('hook ' || name), id('delivery ' || name), 1, '{"canary": 1}' from unnest(array['ada', 'bob']) name;
insert into automation.inbound_events (id, webhook_id, provider_event_id, payload) values (id('event in'), id('hook ada in'), 'canary', '{"canary": 1}');
insert into automation.inbound_keys (webhook_id, provider_event_id) values (id('hook ada in'), 'canary');
insert into automation.inbound_handlers (provider, handler) values ('canary', 'canary.handle');

insert into automation.asset_jobs (id, asset_id, step) values (id('job'), id('asset ada internal'), 'scan');
insert into automation.renditions (asset_id, profile, recipe_sha256) values (id('asset ada internal'), 'canary', digest('recipe'));

insert into automation.prompts (id, key, title, owner_id, visibility, active_version_id)
select id('prompt ' || name), 'canary-' || replace(name, ' ', '-'), 'Canary', id(owner), visibility, case when is_in_use then id('prompt version ' || name) end
from (values ('ada private', 'ada', 'private', true), ('ada team', 'ada', 'team', true), ('ada public', 'ada', 'public', true), ('ada public unused', 'ada', 'public', false),
  ('bob private', 'bob', 'private', true)) p(name, owner, visibility, is_in_use);
insert into automation.prompt_versions (id, prompt_id, number, author_id, template, status, approved_at)
select id('prompt version ' || name), id('prompt ' || prompt), number, id(author), 'canary', status, case when status <> 'draft' then now() end
from (values ('ada private', 'ada private', 1, 'ada', 'approved'), ('ada team', 'ada team', 1, 'cal', 'approved'), ('ada public', 'ada public', 1, 'ada', 'retired'), ('ada public next', 'ada public', 2, 'cal', 'draft'),
  ('ada public unused', 'ada public unused', 1, 'ada', 'approved'), ('bob private', 'bob private', 1, 'bob', 'draft')) v(name, prompt, number, author, status);
insert into automation.prompt_runs (id, prompt_id, prompt_version_id, user_id, agent_id, model, output) values
  (id('prompt run ada'), id('prompt ada team'), id('prompt version ada team'), id('ada'), 'scout', 'canary', 'canary'),
  (id('prompt run bob'), id('prompt ada team'), id('prompt version ada team'), id('bob'), 'other', 'canary', 'canary'),
  (id('prompt run of nobody'), id('prompt ada team'), id('prompt version ada team'), null, null, 'canary', 'canary');
insert into automation.eval_cases (id, prompt_id, name, expectations) values (id('eval case'), id('prompt ada public'), 'canary', '[]');
insert into automation.evaluations (id, prompt_version_id, case_id, scorer, model, score, passed) values (id('evaluation'), id('prompt version ada public'), id('eval case'), 'contains', 'canary', 1, true);
