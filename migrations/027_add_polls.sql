-- Polls, and what people voted for.

-- What is asked, as the message shows it now. It goes with the message's deletion.
CREATE TABLE IF NOT EXISTS messaging.polls (
    message_id     uuid PRIMARY KEY REFERENCES public.messages (id) ON DELETE CASCADE,
    channel_id     uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    question       text NOT NULL,
    -- [{"id", "text"}], at most 20.
    answers        jsonb NOT NULL,
    max_selections integer NOT NULL,
    -- Whether the count is shown before the end.
    is_disclosed   boolean NOT NULL,
    -- The earliest end as its event has it, which says what votes are up to it: a message that came late, and its end, are
    -- shown with a later time.
    ended_at       timestamptz
);

-- Votes as they are in Matrix, a few of each person: which one is the last up to the end is known only when the end is, and
-- the one before it counts again when it is redacted.
CREATE TABLE IF NOT EXISTS messaging.poll_votes (
    event_id   text PRIMARY KEY,
    message_id uuid NOT NULL REFERENCES public.messages (id) ON DELETE CASCADE,
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    voter_id   text NOT NULL,
    voted_at   timestamptz NOT NULL,
    -- The ids of the answers, whether the poll has them or not; none: the vote is taken back, or spoiled.
    answers    text[] NOT NULL
);
CREATE INDEX IF NOT EXISTS poll_votes_voter ON messaging.poll_votes (message_id, voter_id, voted_at DESC, event_id DESC);
