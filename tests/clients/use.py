"""What a service does with the generated client: checked strictly, and run against a deployment."""

import sys

from generated.api.channels import create_channel
from generated.api.messages import list_messages, send_message
from generated.client import AuthenticatedClient
from generated.models import Channel, CreateChannel, Message, SendMessage


def use(url: str, token: str, microdao: str) -> str:
    client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)
    creation = CreateChannel(slug="generated-python", name="Generated", microdao_id=microdao)
    channel = create_channel.sync(client=client, body=creation)
    assert isinstance(channel, Channel), channel
    sent = send_message.sync(channel.id, client=client, body=SendMessage(text="Hello from Python"))
    assert isinstance(sent, Message), sent
    page = list_messages.sync(channel.id, client=client, limit=1)
    assert isinstance(page, list), page
    text: str = page[0].content_preview
    return text


if __name__ == "__main__":
    print(use(*sys.argv[1:]))
