-- Messages are found by marks of what changes of them, too: see messaging.changing_marks.

UPDATE messaging.message_search s SET lexemes = s.lexemes || array_to_tsvector(have.marks)
FROM (SELECT n.message_id, array_agg(n.mark) AS marks FROM (
          SELECT message_id, ':has reaction' AS mark FROM public.message_reactions WHERE removed_at IS NULL GROUP BY message_id
          UNION ALL
          SELECT root_id, ':has thread' FROM messaging.threads WHERE reply_count > 0
          UNION ALL
          SELECT m.id, ':has pin' FROM messaging.pins p
          JOIN public.messages m ON m.channel_id = p.channel_id AND m.matrix_event_id = p.event_id) n (message_id, mark)
      GROUP BY n.message_id) have
WHERE s.message_id = have.message_id;
