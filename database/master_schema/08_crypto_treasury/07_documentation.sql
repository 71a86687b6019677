-- Room treasury, documentation and access: what every table and column is for, the controls an auditor can run, and who reads what.

-- task: BUILD_0170 add_comments
-- title: Document the treasury with accounting meaning and control notes
-- does: Comments on all that has none yet, with the sign convention, what is personal or secret and how long it stays; treasury.control_matrix maps each control to the object that enforces it and to a query that proves it.
-- proves: nothing in room treasury is undocumented, secret, personal and retained columns are marked, every query of the matrix runs and returns true.
-- needs: BUILD_0010, BUILD_0164, BUILD_0166, BUILD_0167, BUILD_0169, BUILD_0172
comment on table treasury.funds is 'What money is for. @distribution local';
comment on column treasury.funds.id is 'Version 7 UUID.';
comment on column treasury.funds.code is 'As general; what donations name.';
comment on column treasury.funds.title is 'Name as shown.';
comment on column treasury.funds.kind is 'unrestricted, restricted or endowment.';
comment on column treasury.funds.goal_usd is 'What it wants to reach.';
comment on column treasury.funds.status is 'active or closed.';
comment on column treasury.funds.manager_id is 'Who answers for it and reads its statement.';
comment on column treasury.funds.purposes is 'What a restricted fund may be spent on.';
comment on column treasury.funds.during is 'When it takes gifts.';
comment on column treasury.funds.created_at is 'When the row was made.';
comment on column treasury.funds.updated_at is 'When the row last really changed.';

comment on table treasury.accounts is 'Chart of accounts. Debits are positive, credits negative. @distribution local';
comment on column treasury.accounts.id is 'Version 7 UUID.';
comment on column treasury.accounts.code is 'As assets.crypto.btc.hot; never changes.';
comment on column treasury.accounts.path is 'The same as a path, for sums over a branch.';
comment on column treasury.accounts.name is 'Name as shown.';
comment on column treasury.accounts.type is 'asset, liability, equity, income or expense; never changes.';
comment on column treasury.accounts.currency is 'What it is kept in; null for any.';
comment on column treasury.accounts.wallet_id is 'Wallet whose holdings it shows.';
comment on column treasury.accounts.fund_code is 'Fund it belongs to, where it belongs to one.';
comment on column treasury.accounts.normal_side is 'debit for assets and expenses, credit for the rest.';
comment on column treasury.accounts.is_active is 'Takes postings.';
comment on column treasury.accounts.created_at is 'When the row was made.';
comment on column treasury.accounts.updated_at is 'When the row last really changed.';

comment on table treasury.entries is 'Journal: one row per event, append-only, each linked to the one before by its digest. @retention 10 years @distribution local';
comment on column treasury.entries.id is 'Version 7 UUID.';
comment on column treasury.entries.seq is 'Place in the chain, without gaps.';
comment on column treasury.entries.number is 'JE-2026-000123, without gaps.';
comment on column treasury.entries.posted_at is 'When it was posted.';
comment on column treasury.entries.effective_on is 'Day it counts for.';
comment on column treasury.entries.kind is 'donation, fee, fx, sweep, refund, payout, adjustment, reversal or closing.';
comment on column treasury.entries.source_kind is 'What it comes from, as donation.';
comment on column treasury.entries.source_id is 'Which one; a source is posted once.';
comment on column treasury.entries.description is 'In words.';
comment on column treasury.entries.reverses_id is 'Entry it takes back; an entry is taken back once.';
comment on column treasury.entries.posted_by is 'Who posted; null for jobs.';
comment on column treasury.entries.request_id is 'Request it was posted in.';
comment on column treasury.entries.payload_sha256 is 'Digest of its lines.';
comment on column treasury.entries.prev_sha256 is 'Digest of the entry before.';
comment on column treasury.entries.entry_sha256 is 'Digest of this entry over the one before.';

comment on table treasury.postings is 'Lines of entries, append-only: zero per entry in USD and, unless it exchanges, in every currency. @retention 10 years @distribution local';
comment on column treasury.postings.entry_id is 'The entry.';
comment on column treasury.postings.line_no is 'Place in it.';
comment on column treasury.postings.account_id is 'Account it changes.';
comment on column treasury.postings.currency is 'What moves.';
comment on column treasury.postings.amount is 'Debit positive, credit negative; never zero.';
comment on column treasury.postings.amount_usd is 'Value in USD at that time, same sign.';
comment on column treasury.postings.fund_code is 'Fund it counts for.';

comment on table treasury.exchange_rates is 'Rates as sources said, by month. @retention 10 years @distribution reference';
comment on column treasury.exchange_rates.base is 'What is priced, without chain: BTC.';
comment on column treasury.exchange_rates.quote is 'In what, as USD.';
comment on column treasury.exchange_rates.source is 'Who said so; manual for rates entered by hand.';
comment on column treasury.exchange_rates.occurred_at is 'When it held; partition key (UTC months).';
comment on column treasury.exchange_rates.rate is 'Units of quote for one of base.';
comment on column treasury.exchange_rates.is_manual is 'Entered by hand and confirmed by a second person.';
comment on column treasury.exchange_rates.entered_by is 'Who confirmed it.';

comment on table treasury.payment_intents is 'What somebody is about to pay, from the form to the gift. @retention 10 years @distribution local';
comment on column treasury.payment_intents.id is 'Version 7 UUID.';
comment on column treasury.payment_intents.user_id is 'Who pays, when signed in.';
comment on column treasury.payment_intents.fund_code is 'Fund it is for.';
comment on column treasury.payment_intents.amount_usd is 'Amount that was chosen.';
comment on column treasury.payment_intents.currency is 'In what it is paid.';
comment on column treasury.payment_intents.chain is 'Over which network.';
comment on column treasury.payment_intents.pay_address is 'Address that was given out. @pii retain';
comment on column treasury.payment_intents.pay_amount is 'How much was quoted.';
comment on column treasury.payment_intents.received_amount is 'How much came in so far.';
comment on column treasury.payment_intents.provider is 'Processor of cards and banks.';
comment on column treasury.payment_intents.provider_ref is 'Its number there.';
comment on column treasury.payment_intents.idempotency_key is 'Key of the form: the same one is the same intent. @secret';
comment on column treasury.payment_intents.status is 'State machine payment_intent: created, awaiting, partial, paid, expired, cancelled.';
comment on column treasury.payment_intents.expires_at is 'Until when the quote holds.';
comment on column treasury.payment_intents.donation_id is 'The gift it became.';
comment on column treasury.payment_intents.contact is 'Name and mail for the receipt. @pii';
comment on column treasury.payment_intents.metadata is 'Notes of the platform.';
comment on column treasury.payment_intents.created_at is 'When the row was made.';
comment on column treasury.payment_intents.updated_at is 'When the row last really changed.';

comment on table treasury.wallet_signers is 'Who may sign for a multisig wallet, and when. @distribution local';
comment on column treasury.wallet_signers.id is 'Version 7 UUID.';
comment on column treasury.wallet_signers.wallet_id is 'The wallet.';
comment on column treasury.wallet_signers.user_id is 'The signer.';
comment on column treasury.wallet_signers.key_fingerprint is 'Fingerprint of the signing key.';
comment on column treasury.wallet_signers.weight is 'How much the signature counts.';
comment on column treasury.wallet_signers.during is 'When it counts.';

comment on table treasury.proposals is 'Payments that wait for approvals; any edit makes earlier approvals count no more. @retention 10 years @distribution local';
comment on column treasury.proposals.id is 'Version 7 UUID.';
comment on column treasury.proposals.wallet_id is 'Wallet that pays.';
comment on column treasury.proposals.kind is 'payout, sweep, exchange or refund.';
comment on column treasury.proposals.to_address is 'Where it goes. @pii retain';
comment on column treasury.proposals.currency is 'What.';
comment on column treasury.proposals.amount is 'How much.';
comment on column treasury.proposals.amount_usd is 'Value when proposed.';
comment on column treasury.proposals.payload_sha256 is 'Digest of wallet, kind, address, currency and amount: what approvals are bound to.';
comment on column treasury.proposals.status is 'State machine proposal: draft, open, approved, executed, rejected, expired.';
comment on column treasury.proposals.proposed_by is 'Who proposed; never approves.';
comment on column treasury.proposals.expires_at is 'Until when it can be approved and executed.';
comment on column treasury.proposals.executes_after is 'Time lock of large ones.';
comment on column treasury.proposals.transaction_id is 'The transaction that executed it.';
comment on column treasury.proposals.metadata is 'Notes of the platform.';
comment on column treasury.proposals.created_at is 'When the row was made.';
comment on column treasury.proposals.updated_at is 'When the row last really changed.';

comment on table treasury.approvals is 'Approvals and rejections, append-only. @retention 10 years @distribution local';
comment on column treasury.approvals.proposal_id is 'The proposal.';
comment on column treasury.approvals.signer_id is 'Who decided.';
comment on column treasury.approvals.payload_sha256 is 'What was decided on.';
comment on column treasury.approvals.decision is 'approve or reject.';
comment on column treasury.approvals.signature is 'Signature over the digest. @secret';
comment on column treasury.approvals.occurred_at is 'When.';

comment on table treasury.payouts is 'What is paid out of budgets. @retention 10 years @distribution local';
comment on column treasury.payouts.id is 'Version 7 UUID.';
comment on column treasury.payouts.proposal_id is 'The proposal that pays it.';
comment on column treasury.payouts.payee_id is 'Who gets it.';
comment on column treasury.payouts.budget_id is 'Budget it is paid from.';
comment on column treasury.payouts.amount_usd is 'Value.';
comment on column treasury.payouts.currency is 'In what.';
comment on column treasury.payouts.amount is 'How much of it.';
comment on column treasury.payouts.purpose is 'What for; of a restricted fund one of its purposes.';
comment on column treasury.payouts.transaction_id is 'The transaction.';
comment on column treasury.payouts.entry_id is 'The entry.';
comment on column treasury.payouts.status is 'State machine payout: requested, approved, executed, rejected, cancelled.';
comment on column treasury.payouts.created_at is 'When the row was made.';
comment on column treasury.payouts.updated_at is 'When the row last really changed.';

comment on table treasury.reconciliations is 'Books against chain and statements, per wallet and time. @retention 10 years @distribution local';
comment on column treasury.reconciliations.id is 'Version 7 UUID.';
comment on column treasury.reconciliations.wallet_id is 'The wallet.';
comment on column treasury.reconciliations.currency is 'What is compared.';
comment on column treasury.reconciliations.as_of is 'At which time.';
comment on column treasury.reconciliations.statement_balance is 'What chain or provider say.';
comment on column treasury.reconciliations.ledger_balance is 'What the books say.';
comment on column treasury.reconciliations.difference is 'Statement less ledger; zero when signed off.';
comment on column treasury.reconciliations.status is 'State machine reconciliation: open, signed_off, abandoned.';
comment on column treasury.reconciliations.statement_asset_id is 'File of the statement.';
comment on column treasury.reconciliations.prepared_by is 'Who prepared it.';
comment on column treasury.reconciliations.signed_off_by is 'Who signed it off; somebody else.';
comment on column treasury.reconciliations.signed_off_at is 'When.';
comment on column treasury.reconciliations.created_at is 'When the row was made.';
comment on column treasury.reconciliations.updated_at is 'When the row last really changed.';

comment on table treasury.reconciliation_items is 'What a reconciliation found. Goes with it. @distribution local';
comment on column treasury.reconciliation_items.id is 'Version 7 UUID.';
comment on column treasury.reconciliation_items.reconciliation_id is 'The reconciliation.';
comment on column treasury.reconciliation_items.transaction_id is 'The movement.';
comment on column treasury.reconciliation_items.entry_id is 'The entry.';
comment on column treasury.reconciliation_items.kind is 'matched, missing_in_ledger, missing_on_chain or amount_diff.';
comment on column treasury.reconciliation_items.amount is 'What is missing, signed.';
comment on column treasury.reconciliation_items.resolved_by is 'Who resolved it.';
comment on column treasury.reconciliation_items.resolved_at is 'When.';

comment on table treasury.aml_screenings is 'Screenings of gifts, wallets and people, append-only; for compliance. @retention 10 years @distribution local';
comment on column treasury.aml_screenings.id is 'Version 7 UUID.';
comment on column treasury.aml_screenings.occurred_at is 'When.';
comment on column treasury.aml_screenings.subject_kind is 'donation, wallet or user.';
comment on column treasury.aml_screenings.subject_id is 'Which one.';
comment on column treasury.aml_screenings.provider is 'Who screened.';
comment on column treasury.aml_screenings.score is 'Risk from 0 to 100.';
comment on column treasury.aml_screenings.matches is 'What was hit: list, uid, by address or name, likeness. @pii retain';
comment on column treasury.aml_screenings.list_version is 'Version of the lists.';
comment on column treasury.aml_screenings.verdict is 'clear, review or block.';

comment on table treasury.sanctions_entries is 'Sanctioned parties as published. @distribution reference';
comment on column treasury.sanctions_entries.list is 'As OFAC-SDN.';
comment on column treasury.sanctions_entries.uid is 'Number on the list.';
comment on column treasury.sanctions_entries.name is 'Name.';
comment on column treasury.sanctions_entries.aliases is 'Other names.';
comment on column treasury.sanctions_entries.addresses is 'Crypto addresses, in the form core.normal_address gives.';
comment on column treasury.sanctions_entries.countries is 'Countries.';
comment on column treasury.sanctions_entries.programme is 'Programme.';
comment on column treasury.sanctions_entries.listed_on is 'When it was listed.';
comment on column treasury.sanctions_entries.delisted_on is 'When it was taken off.';
comment on column treasury.sanctions_entries.list_version is 'Version of the list it was last in.';
comment on column treasury.sanctions_entries.created_at is 'When the row was made.';
comment on column treasury.sanctions_entries.updated_at is 'When the row last really changed.';

comment on table treasury.budgets is 'What a fund may spend on an account in a period. @distribution local';
comment on column treasury.budgets.id is 'Version 7 UUID.';
comment on column treasury.budgets.fund_code is 'The fund.';
comment on column treasury.budgets.account_id is 'The account.';
comment on column treasury.budgets.period is 'When.';
comment on column treasury.budgets.limit_usd is 'How much.';
comment on column treasury.budgets.created_at is 'When the row was made.';
comment on column treasury.budgets.updated_at is 'When the row last really changed.';

comment on table treasury.chain_checkpoints is 'Blocks as seen, to notice when some are taken back. @retention 90 days @distribution local';
comment on column treasury.chain_checkpoints.chain is 'The network.';
comment on column treasury.chain_checkpoints.height is 'Height.';
comment on column treasury.chain_checkpoints.block_hash is 'Hash.';
comment on column treasury.chain_checkpoints.parent_hash is 'Hash of the block below.';
comment on column treasury.chain_checkpoints.seen_at is 'When it was seen.';
comment on column treasury.chain_checkpoints.orphaned_at is 'When it was taken back.';

comment on index treasury.funds_manager_id_idx is 'Funds of a manager; and the foreign key.';
comment on index treasury.accounts_currency_idx is 'Accounts of a currency; and the foreign key.';
comment on index treasury.accounts_wallet_id_idx is 'Accounts of a wallet; and the foreign key.';
comment on index treasury.accounts_fund_code_idx is 'Accounts of a fund; and the foreign key.';
comment on index treasury.entries_reverses_id_key is 'Entries of an entry: taken back once; and the foreign key.';
comment on index treasury.postings_fund_code_idx is 'Postings of a fund; and the foreign key.';
comment on index treasury.postings_currency_idx is 'Postings of a currency; and the foreign key.';
comment on index treasury.payment_intents_user_id_idx is 'Intents of a person; and the foreign key.';
comment on index treasury.payment_intents_fund_code_idx is 'Intents of a fund; and the foreign key.';
comment on index treasury.payment_intents_chain_currency_idx is 'Intents of a chain and currency; and the foreign key.';
comment on index treasury.payment_intents_donation_id_key is 'Intents of a gift; and the foreign key.';
comment on index treasury.wallet_signers_wallet_id_idx is 'Signers of a wallet; and the foreign key.';
comment on index treasury.wallet_signers_user_id_idx is 'Signers of a person; and the foreign key.';
comment on index treasury.proposals_wallet_id_idx is 'Proposals of a wallet; and the foreign key.';
comment on index treasury.proposals_currency_idx is 'Proposals of a currency; and the foreign key.';
comment on index treasury.proposals_proposed_by_idx is 'Proposals of a person; and the foreign key.';
comment on index treasury.proposals_transaction_id_idx is 'Proposals of a transaction; and the foreign key.';
comment on index treasury.approvals_signer_id_idx is 'Approvals of a person; and the foreign key.';
comment on index treasury.budgets_fund_code_idx is 'Budgets of a fund; and the foreign key.';
comment on index treasury.budgets_account_id_idx is 'Budgets of an account; and the foreign key.';
comment on index treasury.payouts_proposal_id_key is 'Payouts of a proposal; and the foreign key.';
comment on index treasury.payouts_payee_id_idx is 'Payouts of a person; and the foreign key.';
comment on index treasury.payouts_budget_id_idx is 'Payouts of a budget; and the foreign key.';
comment on index treasury.payouts_currency_idx is 'Payouts of a currency; and the foreign key.';
comment on index treasury.payouts_transaction_id_idx is 'Payouts of a transaction; and the foreign key.';
comment on index treasury.payouts_entry_id_idx is 'Payouts of an entry; and the foreign key.';
comment on index treasury.reconciliations_wallet_id_as_of_idx is 'Reconciliations of a wallet; and the foreign key.';
comment on index treasury.reconciliations_currency_idx is 'Reconciliations of a currency; and the foreign key.';
comment on index treasury.reconciliations_statement_asset_id_idx is 'Reconciliations of a statement asset; and the foreign key.';
comment on index treasury.reconciliations_prepared_by_idx is 'Reconciliations of a person; and the foreign key.';
comment on index treasury.reconciliations_signed_off_by_idx is 'Reconciliations of a person; and the foreign key.';
comment on index treasury.reconciliation_items_reconciliation_id_idx is 'Items of a reconciliation; and the foreign key.';
comment on index treasury.reconciliation_items_transaction_id_idx is 'Items of a transaction; and the foreign key.';
comment on index treasury.reconciliation_items_entry_id_idx is 'Items of an entry; and the foreign key.';
comment on index treasury.reconciliation_items_resolved_by_idx is 'Items of a person; and the foreign key.';

create view treasury.control_matrix with (security_invoker) as
  select v.control, v.object, v.query from (values
    ('Every entry balances in USD', 'treasury.entries_balanced', 'select not exists (select from treasury.postings p group by p.entry_id having sum(p.amount_usd) <> 0)'),
    ('Every entry has two lines at least', 'treasury.entries_balanced', 'select not exists (select from treasury.entries e where (select count(*) from treasury.postings p where p.entry_id = e.id) < 2)'),
    ('Numbers of entries have no gap', 'core.number_series', 'select count(*) = coalesce(max(e.seq) - min(e.seq) + 1, 0) from treasury.entries e'),
    ('Entries are linked and unaltered', 'treasury.verify_chain', 'select not exists (select from treasury.verify_chain())'),
    ('Nothing posted is changed', 'entries_append_only, postings_append_only', 'select count(*) = 2 from pg_catalog.pg_trigger t where t.tgname in (''entries_append_only'', ''postings_append_only'') and t.tgenabled = ''O'' and t.tgparentid = 0'),
    ('A source is posted once', 'treasury.entries_source_kind_source_id_key', 'select not exists (select from treasury.entries e group by e.source_kind, e.source_id having count(*) > 1)'),
    ('An entry is reversed once', 'treasury.entries_reverses_id_key', 'select not exists (select from treasury.entries e where e.reverses_id is not null group by e.reverses_id having count(*) > 1)'),
    ('Proposers do not approve', 'treasury.guard_approval', 'select not exists (select from treasury.approvals a join treasury.proposals p on p.id = a.proposal_id where a.signer_id = p.proposed_by)'),
    ('Reconciliations are signed off at zero by another person', 'treasury.reconciliations', 'select not exists (select from treasury.reconciliations r where r.status = ''signed_off'' and (r.difference <> 0 or r.signed_off_by = r.prepared_by))'),
    ('Sanctioned gifts are not confirmed', 'core.donations_ofac_hit_check', 'select not exists (select from core.donations d where d.ofac_hit and d.status in (''confirmed'', ''reconciled''))'),
    ('Debits equal credits', 'treasury.trial_balance', 'select coalesce(sum(t.balance), 0) = 0 from treasury.trial_balance t')) v(control, object, query);

grant select on treasury.control_matrix to hc_finance, hc_compliance, hc_auditor;

comment on view treasury.control_matrix is 'Controls of the treasury for auditors: what must hold, what enforces it, and a query that is true when it does.';
comment on column treasury.control_matrix.control is 'What must hold.';
comment on column treasury.control_matrix.object is 'What enforces it.';
comment on column treasury.control_matrix.query is 'A query that returns true when it holds.';

-- verify
select object_type, identity, false from blueprint.undocumented('treasury') union all select '', '', true;
create function treasury.probe_0170(query text) returns boolean language plpgsql as $$ declare holds boolean; begin execute query into holds; return holds; end $$;
select control, treasury.probe_0170(query) from treasury.control_matrix;
select count(*) >= 11, bool_and(object <> '') from treasury.control_matrix;
select attname, col_description(attrelid, attnum) is not null from pg_attribute where attrelid = 'treasury.control_matrix'::regclass and attnum > 0;
select t, tag, exists (select from blueprint.annotations(('treasury.' || t)::regclass) a where a.column_name is not distinct from c and a.tag = v.tag) from (values ('approvals', 'signature', 'secret'), ('payment_intents', 'contact', 'pii'), ('entries', null, 'retention'), ('postings', null, 'retention'), ('aml_screenings', 'matches', 'pii')) v(t, c, tag);
select role, has_table_privilege(role, 'treasury.control_matrix', 'select') and not has_table_privilege('hc_member', 'treasury.control_matrix', 'select') from unnest(array['hc_finance', 'hc_compliance', 'hc_auditor']) role;

-- task: BUILD_0171 implement_feature critical
-- title: Row policies and duty separation for treasury roles
-- does: Finance reads the books and what it prepares, never screenings; compliance reads screenings, lists, proposals and the heads of entries, never their lines; audit reads all; admins nothing. Nobody inserts, updates or deletes
--   but functions of the owner. Members see their own intents and managers the statement of their fund through functions of room core.
-- proves: finance reads no matches and inserts no entry (42501), compliance no postings, a manager sees the own fund alone, members nothing of the room, every table is closed to writing.
-- needs: BUILD_0058, BUILD_0164, BUILD_0167, BUILD_0168
create policy funds_staff_select on treasury.funds for select to hc_finance, hc_compliance, hc_auditor using (true);
create policy accounts_staff_select on treasury.accounts for select to hc_finance, hc_auditor using (true);
create policy entries_staff_select on treasury.entries for select to hc_finance, hc_compliance, hc_auditor using (true);
create policy postings_staff_select on treasury.postings for select to hc_finance, hc_auditor using (true);
create policy exchange_rates_staff_select on treasury.exchange_rates for select to hc_finance, hc_compliance, hc_auditor using (true);
create policy payment_intents_staff_select on treasury.payment_intents for select to hc_finance, hc_auditor using (true);
create policy wallet_signers_staff_select on treasury.wallet_signers for select to hc_finance, hc_compliance, hc_auditor using (true);
create policy proposals_staff_select on treasury.proposals for select to hc_finance, hc_compliance, hc_auditor using (true);
create policy approvals_staff_select on treasury.approvals for select to hc_finance, hc_compliance, hc_auditor using (true);
create policy payouts_staff_select on treasury.payouts for select to hc_finance, hc_auditor using (true);
create policy reconciliations_staff_select on treasury.reconciliations for select to hc_finance, hc_auditor using (true);
create policy reconciliation_items_staff_select on treasury.reconciliation_items for select to hc_finance, hc_auditor using (true);
create policy aml_screenings_staff_select on treasury.aml_screenings for select to hc_compliance, hc_auditor using (true);
create policy sanctions_entries_staff_select on treasury.sanctions_entries for select to hc_compliance, hc_auditor using (true);
create policy budgets_staff_select on treasury.budgets for select to hc_finance, hc_auditor using (true);
create policy chain_checkpoints_staff_select on treasury.chain_checkpoints for select to hc_finance, hc_auditor using (true);

grant select on treasury.funds, treasury.entries, treasury.exchange_rates, treasury.wallet_signers, treasury.proposals to hc_finance, hc_compliance, hc_auditor;
grant select (proposal_id, signer_id, payload_sha256, decision, occurred_at) on treasury.approvals to hc_finance, hc_compliance, hc_auditor;
grant select on treasury.accounts, treasury.postings, treasury.payment_intents, treasury.payouts, treasury.reconciliations, treasury.reconciliation_items, treasury.budgets, treasury.chain_checkpoints to hc_finance, hc_auditor;
grant select on treasury.aml_screenings, treasury.sanctions_entries to hc_compliance, hc_auditor;

create function core.my_payment_intents() returns table (id uuid, fund_code text, amount_usd numeric, currency text, pay_address text, pay_amount numeric, received_amount numeric, status text, expires_at timestamptz)
  language sql stable security definer
begin atomic
  select i.id, i.fund_code, i.amount_usd::numeric, i.currency, i.pay_address, i.pay_amount::numeric, i.received_amount::numeric, i.status, i.expires_at from treasury.payment_intents i where i.user_id = core.current_user_id() order by i.created_at desc;
end;

create function core.my_fund_statement() returns table (fund_code text, month date, opening numeric, inflow numeric, outflow numeric, closing numeric)
  language sql stable security definer
begin atomic
  select s.fund_code, s.month, s.opening, s.inflow, s.outflow, s.closing from treasury.fund_statement s join treasury.funds f on f.code = s.fund_code where f.manager_id = core.current_user_id() order by s.fund_code, s.month;
end;

grant execute on function core.my_payment_intents, core.my_fund_statement to hc_member;

comment on policy funds_staff_select on treasury.funds is 'Finance, compliance and audit read.';
comment on policy accounts_staff_select on treasury.accounts is 'Finance and audit read.';
comment on policy entries_staff_select on treasury.entries is 'Finance, compliance and audit read.';
comment on policy postings_staff_select on treasury.postings is 'Finance and audit: not compliance read.';
comment on policy exchange_rates_staff_select on treasury.exchange_rates is 'Finance, compliance and audit read.';
comment on policy payment_intents_staff_select on treasury.payment_intents is 'Finance and audit read.';
comment on policy wallet_signers_staff_select on treasury.wallet_signers is 'Finance, compliance and audit read.';
comment on policy proposals_staff_select on treasury.proposals is 'Finance, compliance and audit read.';
comment on policy approvals_staff_select on treasury.approvals is 'Finance, compliance and audit read.';
comment on policy payouts_staff_select on treasury.payouts is 'Finance and audit read.';
comment on policy reconciliations_staff_select on treasury.reconciliations is 'Finance and audit read.';
comment on policy reconciliation_items_staff_select on treasury.reconciliation_items is 'Finance and audit read.';
comment on policy aml_screenings_staff_select on treasury.aml_screenings is 'Compliance and audit: not finance read.';
comment on policy sanctions_entries_staff_select on treasury.sanctions_entries is 'Compliance and audit read.';
comment on policy budgets_staff_select on treasury.budgets is 'Finance and audit read.';
comment on policy chain_checkpoints_staff_select on treasury.chain_checkpoints is 'Finance and audit read.';
comment on function core.my_payment_intents is 'Own payment intents, newest first. Security definer: members may not enter room treasury.';
comment on function core.my_fund_statement is 'Statement of the funds one manages. Security definer: members may not enter room treasury.';

-- verify
insert into core.users (id, handle) values ('00000000-0000-7000-8000-000000171001', 'ada-0171'), ('00000000-0000-7000-8000-000000171002', 'bob-0171');
insert into treasury.funds (code, title, manager_id) values ('probe-0171', 'x', '00000000-0000-7000-8000-000000171001'), ('probe-0171b', 'y', null);
insert into treasury.accounts (id, code, path, name, type, normal_side) values ('00000000-0000-7000-8000-000000171010', 'assets.probe_0171', 'assets.probe_0171', 'x', 'asset', 'debit');
insert into treasury.entries (id, effective_on, kind, source_kind, source_id) values ('00000000-0000-7000-8000-000000171011', '2026-01-02', 'donation', 'probe', '0171');
insert into treasury.postings (entry_id, line_no, account_id, currency, amount, amount_usd, fund_code) select '00000000-0000-7000-8000-000000171011', n, a.id, 'USD', x, x, f from (values (1, 'assets.probe_0171', 15, null), (2, 'income.other', -10, 'probe-0171'), (3, 'income.other', -5, 'probe-0171b')) v(n, c, x, f) join treasury.accounts a on a.code = v.c;
insert into treasury.payment_intents (fund_code, user_id, amount_usd, currency, chain, idempotency_key, expires_at) values ('general', '00000000-0000-7000-8000-000000171001', 5, 'USD', 'fiat', 'probe-0171', now());
insert into core.wallets (id, chain, address, custody, status) values ('00000000-0000-7000-8000-000000171021', 'ethereum', '0x0000000000000000000000000000000000171021', 'hot', 'active');
insert into treasury.wallet_signers (wallet_id, user_id) values ('00000000-0000-7000-8000-000000171021', '00000000-0000-7000-8000-000000171001');
insert into treasury.proposals (id, wallet_id, kind, to_address, currency, amount, amount_usd, payload_sha256, proposed_by, expires_at) values ('00000000-0000-7000-8000-000000171031', '00000000-0000-7000-8000-000000171021', 'sweep', 'x', 'ETH', 1, 1, sha256('a'), '00000000-0000-7000-8000-000000171001', now());
insert into treasury.approvals (proposal_id, signer_id, payload_sha256) values ('00000000-0000-7000-8000-000000171031', '00000000-0000-7000-8000-000000171002', sha256('a'));
insert into treasury.budgets (id, fund_code, account_id, period, limit_usd) values ('00000000-0000-7000-8000-000000171041', 'probe-0171', '00000000-0000-7000-8000-000000171010', '[1990-01-01,1991-01-01)', 5);
insert into treasury.payouts (proposal_id, budget_id, amount_usd, currency, amount) values ('00000000-0000-7000-8000-000000171031', '00000000-0000-7000-8000-000000171041', 1, 'USD', 1);
insert into treasury.reconciliations (id, wallet_id, currency, as_of, statement_balance, ledger_balance) values ('00000000-0000-7000-8000-000000171051', '00000000-0000-7000-8000-000000171021', 'ETH', now(), 1, 1);
insert into treasury.reconciliation_items (reconciliation_id, kind, amount) values ('00000000-0000-7000-8000-000000171051', 'matched', 1);
insert into treasury.aml_screenings (subject_kind, subject_id, list_version, verdict) values ('donation', uuidv7(), 'v0171', 'clear');
insert into treasury.sanctions_entries (list, uid, name, list_version) values ('PROBE-0171', '1', 'x', 'v0171');
insert into treasury.chain_checkpoints (chain, height, block_hash) values ('bitcoin', 1, 'probe-0171');
insert into treasury.exchange_rates (base, quote, source, occurred_at, rate) values ('PROBE', 'USD', 'probe-0171', now(), 2);
create function treasury.probe_0171(t text) returns boolean language plpgsql as $$ declare seen boolean; begin execute 'select count(*) > 0 from treasury.' || t into seen; return seen; exception when insufficient_privilege then return false; end $$;
grant execute on function treasury.probe_0171 to public;
set local role hc_finance;
select t, treasury.probe_0171(t) = (t not in ('aml_screenings', 'sanctions_entries')) from unnest(array['funds', 'accounts', 'entries', 'postings', 'exchange_rates', 'payment_intents', 'wallet_signers', 'proposals', 'payouts', 'reconciliations', 'reconciliation_items', 'aml_screenings', 'sanctions_entries', 'budgets', 'chain_checkpoints']) t;
select count(*) = 1, blueprint.raises('select matches from treasury.aml_screenings', '42501'), blueprint.raises('select signature from treasury.approvals', '42501'), blueprint.raises($$ insert into treasury.entries (effective_on, kind, source_kind, source_id) values ('2026-01-02', 'donation', 'probe', '0171b') $$, '42501') from (select proposal_id, signer_id, payload_sha256, decision, occurred_at from treasury.approvals) a where proposal_id = '00000000-0000-7000-8000-000000171031';
set local role hc_compliance;
select t, treasury.probe_0171(t) = (t in ('funds', 'entries', 'exchange_rates', 'wallet_signers', 'proposals', 'aml_screenings', 'sanctions_entries')) from unnest(array['funds', 'accounts', 'entries', 'postings', 'exchange_rates', 'payment_intents', 'wallet_signers', 'proposals', 'payouts', 'reconciliations', 'reconciliation_items', 'aml_screenings', 'sanctions_entries', 'budgets', 'chain_checkpoints']) t;
select count(*) = 1, blueprint.raises('select from treasury.postings', '42501') from (select proposal_id, signer_id, payload_sha256, decision, occurred_at from treasury.approvals) a where proposal_id = '00000000-0000-7000-8000-000000171031';
set local role hc_auditor;
select t, treasury.probe_0171(t) from unnest(array['funds', 'accounts', 'entries', 'postings', 'exchange_rates', 'payment_intents', 'wallet_signers', 'proposals', 'payouts', 'reconciliations', 'reconciliation_items', 'aml_screenings', 'sanctions_entries', 'budgets', 'chain_checkpoints']) t;
select count(*) = 1 from (select proposal_id, signer_id, payload_sha256, decision, occurred_at from treasury.approvals) a where proposal_id = '00000000-0000-7000-8000-000000171031';
set local role hc_owner;
select t, role, not has_table_privilege(role, 'treasury.' || t, 'insert') and not has_table_privilege(role, 'treasury.' || t, 'update') and not has_table_privilege(role, 'treasury.' || t, 'delete') from unnest(array['funds', 'accounts', 'entries', 'postings', 'exchange_rates', 'payment_intents', 'wallet_signers', 'proposals', 'payouts', 'reconciliations', 'reconciliation_items', 'aml_screenings', 'sanctions_entries', 'budgets', 'chain_checkpoints'] || array['approvals']) t, unnest(array['hc_finance', 'hc_compliance', 'hc_auditor', 'hc_worker', 'hc_admin', 'hc_member']) role;
select core.act_as('00000000-0000-7000-8000-000000171001');
set local role hc_member;
select count(*) = 1 and bool_and(fund_code = 'probe-0171' and closing = 10) from core.my_fund_statement();
select count(*) = 1 and bool_and(status = 'created') from core.my_payment_intents();
select blueprint.raises('select from treasury.funds', '42501');
set local role hc_owner;
select core.act_as('00000000-0000-7000-8000-000000171002');
set local role hc_member;
select (select count(*) = 0 from core.my_fund_statement()), (select count(*) = 0 from core.my_payment_intents());
set local role hc_owner;
select f, not has_function_privilege('hc_anon', f, 'execute') from unnest(array['core.my_payment_intents()', 'core.my_fund_statement()']) f;

-- task: BUILD_0168 create_jsonb_indexes
-- title: Index intent contacts, screening matches and provider payload JSONB
-- does: treasury.screenings_matching(list, uid) finds every subject ever matched to a sanctioned party, treasury.intents_by_contact(key, value) the intents behind a provider's mail, both by GIN; so do searches over the notes of proposals.
-- proves: screenings of a gift and a wallet come through the GIN index, so do intents by mail and proposals by note.
-- needs: BUILD_0005, BUILD_0162
create index payment_intents_contact_idx on treasury.payment_intents using gin (contact jsonb_path_ops);
create index aml_screenings_matches_idx on treasury.aml_screenings using gin (matches jsonb_path_ops);
create index proposals_metadata_idx on treasury.proposals using gin (metadata jsonb_path_ops);

comment on index treasury.payment_intents_contact_idx is 'Intents by name or mail (treasury.intents_by_contact).';
comment on index treasury.aml_screenings_matches_idx is 'Subjects matched to a sanctioned party (treasury.screenings_matching).';
comment on index treasury.proposals_metadata_idx is 'Proposals by their notes.';

create function treasury.screenings_matching(list text, uid text) returns table (subject_kind text, subject_id uuid, occurred_at timestamptz, verdict text)
  language sql stable
begin atomic
  select s.subject_kind, s.subject_id, s.occurred_at, s.verdict from treasury.aml_screenings s where s.matches @> jsonb_build_array(jsonb_build_object('list', list, 'uid', uid)) order by s.occurred_at, s.id;
end;

create function treasury.intents_by_contact(key text, value text) returns setof uuid
  language sql stable
begin atomic
  select i.id from treasury.payment_intents i where i.contact @> jsonb_build_object(key, value);
end;

comment on function treasury.screenings_matching is 'Every subject ever matched to a sanctioned party; for compliance.';
comment on function treasury.intents_by_contact is 'Intents whose contact has this value, as (mail, ada@example.org).';

grant execute on function treasury.screenings_matching to hc_compliance, hc_auditor;
grant execute on function treasury.intents_by_contact to hc_finance;

-- verify
insert into treasury.aml_screenings (subject_kind, subject_id, list_version, verdict, matches) values ('donation', '00000000-0000-7000-8000-000000168001', 'v1', 'block', '[{"list": "OFAC-SDN", "uid": "X0168", "by": "address"}]'), ('wallet', '00000000-0000-7000-8000-000000168002', 'v1', 'review', '[{"list": "EU", "uid": "1"}, {"list": "OFAC-SDN", "uid": "X0168"}]'),
  ('wallet', '00000000-0000-7000-8000-000000168003', 'v1', 'review', '[{"list": "EU", "uid": "X0168"}]');
select array_agg(subject_kind order by subject_id) = '{donation,wallet}' from treasury.screenings_matching('OFAC-SDN', 'X0168');
insert into treasury.payment_intents (id, fund_code, amount_usd, currency, chain, idempotency_key, expires_at, contact) values ('00000000-0000-7000-8000-000000168011', 'general', 5, 'USD', 'fiat', 'probe-0168', now(), '{"mail": "probe-0168@example.org"}');
select array_agg(i) = '{00000000-0000-7000-8000-000000168011}' from treasury.intents_by_contact('mail', 'probe-0168@example.org') i;
select index, blueprint.plan_uses(sql, index) from (values ($$ select * from treasury.screenings_matching('a', 'b') $$, 'aml_screenings_matches_idx'), ($$ select * from treasury.intents_by_contact('a', 'b') $$, 'payment_intents_contact_idx'), ($$ select id from treasury.proposals where metadata @> '{"a": 1}' $$, 'proposals_metadata_idx')) v(sql, index);
select has_function_privilege('hc_compliance', 'treasury.screenings_matching(text, text)', 'execute') and has_function_privilege('hc_auditor', 'treasury.screenings_matching(text, text)', 'execute') and not has_function_privilege('hc_finance', 'treasury.screenings_matching(text, text)', 'execute'),
  has_function_privilege('hc_finance', 'treasury.intents_by_contact(text, text)', 'execute') and not has_function_privilege('hc_compliance', 'treasury.intents_by_contact(text, text)', 'execute');
