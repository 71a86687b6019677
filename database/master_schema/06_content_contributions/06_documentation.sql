-- Room publishing, documentation: what every table and column is for, which columns are about people, and what rows are kept for.

-- task: BUILD_0130 add_comments
-- title: Document publishing objects with editorial policy and licences
-- does: Comments on every table and column of the room with their marks: @retention of drafts, @pii of notes, @distribution. publishing.editorial_policy shows quorum, checklist and licence of each
--   kind as rows, which the publish gate reads.
-- proves: nothing in room publishing is undocumented, notes are marked as personal and drafts have a retention, the policy lists quorum 2 for knowledge.
-- needs: BUILD_0010, BUILD_0126, BUILD_0128, BUILD_0129, BUILD_0131
comment on table publishing.editorial_policy is 'What a text of each kind takes before it is shown, read by the publish gate. @distribution local';
comment on column publishing.editorial_policy.kind is 'Kind of core.content.';
comment on column publishing.editorial_policy.quorum is 'Approvals it takes.';
comment on column publishing.editorial_policy.checklist is 'Items each approving review ticks.';
comment on column publishing.editorial_policy.staff_only is 'Only moderators publish it.';
comment on column publishing.editorial_policy.licence_spdx is 'Licence of the text, unless it says another.';
comment on column publishing.editorial_policy.source is 'Who decided it.';

comment on table publishing.revisions is 'Texts as they were saved, numbered without a gap, immutable. Licence of the text: editorial_policy.licence_spdx, CC-BY-SA-4.0 unless stated. @distribution local @retention drafts 24 months';
comment on column publishing.revisions.id is 'Version 7 UUID.';
comment on column publishing.revisions.content_id is 'Whose text.';
comment on column publishing.revisions.number is '1, 2, 3 ... per text.';
comment on column publishing.revisions.parent_id is 'The revision it was written on.';
comment on column publishing.revisions.author_id is 'Who saved it; null for the platform.';
comment on column publishing.revisions.title is 'Title of this revision.';
comment on column publishing.revisions.body is 'Markdown.';
comment on column publishing.revisions.body_sha256 is 'SHA-256 of the body in UTF-8.';
comment on column publishing.revisions.change_summary is 'What changed, in a few words.';
comment on column publishing.revisions.status is 'State machine revision: draft, submitted, accepted, rejected.';
comment on column publishing.revisions.created_at is 'When it was saved.';

comment on table publishing.media is 'Pictures and files of a text in their order. @distribution local';
comment on column publishing.media.content_id is 'The text.';
comment on column publishing.media.position is 'Place, from 1.';
comment on column publishing.media.asset_id is 'The file.';
comment on column publishing.media.kind is 'image, video, audio or file.';
comment on column publishing.media.alt_text is 'What the picture shows, for those who do not see it.';
comment on column publishing.media.caption is 'Line below it.';
comment on column publishing.media.credit is 'Whose picture it is.';
comment on column publishing.media.focal is 'Focal point and crops.';

comment on table publishing.comments is 'Comments in trees of at most six levels. @distribution local';
comment on column publishing.comments.id is 'Version 7 UUID.';
comment on column publishing.comments.content_id is 'The text.';
comment on column publishing.comments.parent_id is 'What it replies to.';
comment on column publishing.comments.path is 'Ids from the top to itself, without hyphens.';
comment on column publishing.comments.author_id is 'Who wrote it.';
comment on column publishing.comments.body is 'What was said.';
comment on column publishing.comments.status is 'State machine comment: visible, held, removed.';
comment on column publishing.comments.up is 'Votes for it.';
comment on column publishing.comments.down is 'Votes against it.';
comment on column publishing.comments.score is 'Wilson score of the votes.';
comment on column publishing.comments.edited_at is 'When its author last changed it.';
comment on column publishing.comments.created_at is 'When it was written.';
comment on column publishing.comments.updated_at is 'When the row last really changed.';

comment on table publishing.reviews is 'Verdicts on revisions. @distribution local';
comment on column publishing.reviews.id is 'Version 7 UUID.';
comment on column publishing.reviews.revision_id is 'What is reviewed.';
comment on column publishing.reviews.reviewer_id is 'By whom; never an author or editor of the text.';
comment on column publishing.reviews.round is 'Round of the text; a new revision begins another.';
comment on column publishing.reviews.verdict is 'approve, changes or reject; null until decided.';
comment on column publishing.reviews.checklist is 'Item and whether it is fulfilled.';
comment on column publishing.reviews.note is 'What the reviewer told the authors. @pii';
comment on column publishing.reviews.decided_at is 'When it was decided.';
comment on column publishing.reviews.created_at is 'When it was asked for.';
comment on column publishing.reviews.updated_at is 'When the row last really changed.';

comment on table publishing.contributions is 'Who contributed what to a text, and which share that deserves. @distribution local';
comment on column publishing.contributions.content_id is 'The text.';
comment on column publishing.contributions.user_id is 'Who.';
comment on column publishing.contributions.role is 'author, editor, reviewer, translator or illustrator.';
comment on column publishing.contributions.share_percent is 'Share in percent, null until computed; those of a text sum to 100.';
comment on column publishing.contributions.source is 'auto or claimed.';
comment on column publishing.contributions.revision_id is 'For which revision the share was computed.';
comment on column publishing.contributions.accepted_at is 'When the person accepted it.';
comment on column publishing.contributions.disputed_at is 'When the person disputed it.';
comment on column publishing.contributions.note is 'What the person says to it, granted to nobody. @pii';
comment on column publishing.contributions.created_at is 'When the row was made.';

comment on table publishing.series is 'Texts in an order, by a curator. @distribution local';
comment on column publishing.series.id is 'Version 7 UUID.';
comment on column publishing.series.slug is 'Its address.';
comment on column publishing.series.title is 'Its title.';
comment on column publishing.series.curator_id is 'Who arranges it.';
comment on column publishing.series.status is 'draft, published or archived.';
comment on column publishing.series.created_at is 'When it was made.';
comment on column publishing.series.updated_at is 'When the row last really changed.';

comment on table publishing.series_items is 'Parts of a series. @distribution local';
comment on column publishing.series_items.series_id is 'The series.';
comment on column publishing.series_items.content_id is 'The text.';
comment on column publishing.series_items.position is 'Place, from 1 without a gap.';

comment on table publishing.translations is 'Which text says in another language what a source says. @distribution local';
comment on column publishing.translations.source_content_id is 'The source.';
comment on column publishing.translations.locale is 'Language of the translation.';
comment on column publishing.translations.content_id is 'The text in that language.';
comment on column publishing.translations.source_revision_id is 'Revision of the source it follows.';
comment on column publishing.translations.translator_id is 'Who began it.';
comment on column publishing.translations.status is 'started, published or abandoned.';
comment on column publishing.translations.created_at is 'When it was begun.';
comment on column publishing.translations.updated_at is 'When the row last really changed.';

comment on table publishing.slug_history is 'Addresses that texts once had. @distribution local';
comment on column publishing.slug_history.locale is 'Language of the address.';
comment on column publishing.slug_history.old_slug is 'The address.';
comment on column publishing.slug_history.content_id is 'Where it leads.';
comment on column publishing.slug_history.until_at is 'Until when it was in use.';

comment on table publishing.handovers is 'Queue to the knowledge base: one row per revision and action. @distribution local';
comment on column publishing.handovers.id is 'Version 7 UUID.';
comment on column publishing.handovers.content_id is 'The text.';
comment on column publishing.handovers.revision_id is 'The revision.';
comment on column publishing.handovers.action is 'index or withdraw.';
comment on column publishing.handovers.target is 'Where it goes.';
comment on column publishing.handovers.status is 'State machine handover: queued, taken, indexed, failed, withdrawn.';
comment on column publishing.handovers.attempts is 'How often it was taken.';
comment on column publishing.handovers.run_after is 'Not before; infinity: given up.';
comment on column publishing.handovers.worker is 'Who took it last.';
comment on column publishing.handovers.lease_until is 'How long the worker has it.';
comment on column publishing.handovers.chunk_count is 'Chunks it was cut into.';
comment on column publishing.handovers.error is 'Why it failed last.';
comment on column publishing.handovers.created_at is 'When it was queued first.';
comment on column publishing.handovers.updated_at is 'When the row last really changed.';

comment on view publishing.articles is 'Texts with what is shown of them; each reader sees what row security shows.';

-- verify
select count(*) = 0 from blueprint.undocumented('publishing');
select t, c, exists (select from blueprint.annotations(('publishing.' || t)::regclass) where column_name = c and tag = 'pii') from (values ('reviews', 'note'), ('contributions', 'note')) v(t, c);
select value like 'drafts 24 months%' from blueprint.annotations('publishing.revisions') where tag = 'retention';
select count(*) = 11 from pg_class c, blueprint.annotations(c.oid) where c.relnamespace = 'publishing'::regnamespace and tag = 'distribution' and column_name is null
  and relname in ('editorial_policy', 'revisions', 'media', 'comments', 'reviews', 'contributions', 'series', 'series_items', 'translations', 'slug_history', 'handovers');
select quorum = 2 and checklist = '{sources,safety}' and licence_spdx = 'CC-BY-SA-4.0' from publishing.editorial_policy where kind = 'knowledge';
select count(*) = 6 from publishing.editorial_policy where kind in ('article', 'tutorial', 'documentation', 'news', 'page', 'knowledge');
