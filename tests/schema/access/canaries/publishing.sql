-- Room publishing: revisions, credit and comments of ada's and bob's texts. cal edits ada's draft, dot reviewed it once, ivy reviews it.
insert into publishing.revisions (id, content_id, number, author_id, title, body, status)
select id('revision ' || name), id('text ' || text), number, id('ada'), 'Canary', 'canary', 'accepted'
from (values ('ada draft', 'ada draft', 1), ('ada', 'ada', 2), ('ada before', 'ada', 1), ('ada to come', 'ada to come', 1), ('ada withdrawn', 'ada withdrawn', 1),
  ('bob draft', 'bob draft', 1), ('of nobody', 'of nobody', 1)) r(name, text, number);

insert into publishing.contributions (content_id, user_id, role, note) values
  (id('text ada draft'), id('cal'), 'editor', 'canary'), (id('text ada draft'), id('dot'), 'reviewer', 'canary'), (id('text ada'), id('ada'), 'author', 'canary'),
  (id('text bob draft'), id('bob'), 'author', 'canary');
insert into publishing.reviews (id, revision_id, reviewer_id) values
  (id('review by ivy'), id('revision ada draft'), id('ivy')), (id('text review by eve'), id('revision bob draft'), id('eve')), (id('text review by bob'), id('revision ada'), id('bob'));

insert into publishing.comments (id, content_id, author_id, body, status)
select id('comment ' || name), id('text ' || text), id(author), 'canary', status
from (values ('visible', 'ada', 'bob', 'visible'), ('held', 'ada', 'bob', 'held'), ('removed', 'ada', 'eve', 'removed'), ('on draft', 'ada draft', 'cal', 'visible'),
  ('on text to come', 'ada to come', 'ada', 'visible')) c(name, text, author, status);
insert into publishing.comment_votes (comment_id, user_id, value) values (id('comment visible'), id('ada'), 1);

insert into publishing.media (content_id, position, asset_id, kind) select id('text ' || name), 1, id('asset ada public'), 'file' from unnest(array['ada', 'ada draft', 'bob draft']) name;
insert into publishing.translations (source_content_id, locale, content_id, translator_id) values
  (id('text ada'), 'de', id('text ada in review'), id('eve')), (id('text ada draft'), 'fr', id('text bob draft'), id('bob'));
insert into publishing.slug_history (locale, old_slug, content_id) values ('en', 'canary-was', id('text ada'));
insert into publishing.handovers (id, content_id, revision_id) values (id('handover'), id('text ada'), id('revision ada'));
insert into publishing.editorial_policy (kind, quorum) values ('canary', 1);

insert into publishing.series (id, slug, title, curator_id, status) values
  (id('series'), 'canary', 'Canary', id('ivy'), 'published'), (id('series draft'), 'canary-draft', 'Canary', id('ivy'), 'draft'), (id('series bob'), 'canary-bob', 'Canary', id('bob'), 'archived');
insert into publishing.series_items (series_id, content_id, position) values
  (id('series'), id('text ada'), 1), (id('series'), id('text ada draft'), 2), (id('series draft'), id('text ada'), 1), (id('series bob'), id('text bob draft'), 1);
