-- Rows as a service whose newest numbered file was 007 left them: something in every table, and things under way.
INSERT INTO public.channels (id, slug, name, microdao_id, matrix_room_id, visibility, is_direct, created_by, created_at, last_seq, alias_name, archived_at)
VALUES ('10000000-0000-4000-8000-000000000001', 'general', 'General', 'microdao:daarion', '!general', 'public', false, 'user:olga', now() - interval '9 days', 7, 'general-daarion', NULL),
       ('10000000-0000-4000-8000-000000000002', 'closed', 'Closed', 'microdao:daarion', '!closed', 'private', false, 'user:olga', now() - interval '8 days', 1, NULL, NULL),
       ('10000000-0000-4000-8000-000000000003', 'old', 'Old', 'microdao:daarion', '!old', 'microdao', false, 'user:olga', now() - interval '8 days', 0, 'old-daarion', now());

INSERT INTO public.messages (id, channel_id, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id, content_preview, thread_id, seq, client_key, client_fingerprint, edit_event_id, edited_at, deleted_at, is_truncated, created_at)
VALUES ('20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', '$first', 'm.room.message', 'user:olga', 'human', '@user-olga:localhost', 'first', NULL, 2, 'the-key', 'a-plain-hash', NULL, NULL, NULL, false, now() - interval '7 days'),
       ('20000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000001', '$edited', 'm.room.message', '@bob:elsewhere', 'human', '@bob:elsewhere', 'edited', '20000000-0000-4000-8000-000000000001', 3, NULL, NULL, '$edit', now() - interval '6 days', NULL, true, now() - interval '7 days'),
       ('20000000-0000-4000-8000-000000000003', '10000000-0000-4000-8000-000000000001', '$gone', 'm.room.message', 'user:olga', 'human', '@user-olga:localhost', '', NULL, 5, 'another-key', 'the-hash-of-a-text', NULL, NULL, now() - interval '5 days', false, now() - interval '7 days');

INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, matrix_power_level, invited_by, joined_at, left_at, left_by, via_microdao)
VALUES ('10000000-0000-4000-8000-000000000001', 'user:olga', 'human', '@user-olga:localhost', 'owner', 100, NULL, now() - interval '9 days', NULL, NULL, false),
       ('10000000-0000-4000-8000-000000000001', '@bob:elsewhere', 'human', '@bob:elsewhere', 'member', 0, NULL, now() - interval '8 days', NULL, NULL, false),
       ('10000000-0000-4000-8000-000000000001', 'user:gone', 'human', '@user-gone:localhost', 'member', 0, 'user:olga', now() - interval '8 days', now() - interval '7 days', 'user:olga', false),
       ('10000000-0000-4000-8000-000000000002', 'user:olga', 'human', '@user-olga:localhost', 'owner', 100, NULL, now() - interval '8 days', NULL, NULL, false),
       ('10000000-0000-4000-8000-000000000002', 'user:invited', 'human', '@user-invited:localhost', 'guest', 0, 'user:olga', NULL, NULL, NULL, false);

INSERT INTO public.message_reactions (message_id, reactor_id, reactor_type, emoji, matrix_event_id)
VALUES ('20000000-0000-4000-8000-000000000001', '@bob:elsewhere', 'human', '👍', '$reaction');
INSERT INTO public.channel_events (channel_id, event_type, actor_id, target_id)
VALUES ('10000000-0000-4000-8000-000000000001', 'channel.created', 'user:olga', NULL),
       ('10000000-0000-4000-8000-000000000001', 'member.kicked', 'user:olga', 'user:gone');

-- NATS has the first two, and was away since.
INSERT INTO public.outbox (channel_id, microdao_id, seq, subject, payload, published_at)
SELECT '10000000-0000-4000-8000-000000000001', 'microdao:daarion', n, 'messaging.channel.updated', jsonb_build_object('event_id', gen_random_uuid(),
    'channel_id', '10000000-0000-4000-8000-000000000001', 'microdao_id', 'microdao:daarion', 'seq', n), CASE WHEN n < 3 THEN now() END
FROM generate_series(1, 7) n;
INSERT INTO public.outbox (channel_id, microdao_id, seq, subject, payload)
SELECT '10000000-0000-4000-8000-000000000002', 'microdao:daarion', 1, 'messaging.channel.created', jsonb_build_object('event_id', gen_random_uuid(),
    'channel_id', '10000000-0000-4000-8000-000000000002', 'microdao_id', 'microdao:daarion', 'seq', 1, 'created_by', 'user:olga');

INSERT INTO messaging.idempotency_keys (caller, key, fingerprint, resource) VALUES ('user:olga', 'the-channels-key', 'a-plain-hash', '10000000-0000-4000-8000-000000000001');
INSERT INTO messaging.intents (channel_id, act, target_id, actor_id) VALUES ('10000000-0000-4000-8000-000000000002', 'invite', 'user:late', 'user:olga');
INSERT INTO messaging.room_state (channel_id, event_type, changed_at) VALUES ('10000000-0000-4000-8000-000000000001', 'm.room.name', now() - interval '9 days');
INSERT INTO messaging.channel_reservations (microdao_id, slug, channel_id, caller, fingerprint, alias_name)
VALUES ('microdao:daarion', 'begun', '10000000-0000-4000-8000-000000000004', 'user:olga', 'a-plain-hash', 'begun-daarion');
INSERT INTO messaging.gateway_subscriptions (room_id, webhook_url) VALUES ('!general', 'http://127.0.0.1:9/hook');
INSERT INTO messaging.former_rooms (room_id, channel_id) VALUES ('!before', '10000000-0000-4000-8000-000000000001');
INSERT INTO messaging.pending_relations (event_id, target_event_id, channel_id, kind, parameters)
VALUES ('$early', '$late', '10000000-0000-4000-8000-000000000001', 'reaction',
        '{"reactor_id": "@bob:elsewhere", "reactor_type": "human", "reactor_matrix_id": "@bob:elsewhere", "emoji": "🦔"}');
INSERT INTO messaging.pending_redactions (event_id, channel_id) VALUES ('$never', '10000000-0000-4000-8000-000000000001');
INSERT INTO messaging.room_upgrades (replacement_room_id, channel_id, actor_id) VALUES ('!next', '10000000-0000-4000-8000-000000000002', 'user:olga');
INSERT INTO messaging.set_aside_events (event_id, room_id, event_type, event, reason, set_aside_at) VALUES ('$aside', '!general', 'm.room.message', '{}', 'x', now());
