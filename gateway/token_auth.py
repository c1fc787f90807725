"""The one place that puts a token on a request: an aiohttp client middleware around the account's keeper."""

from collections.abc import Callable

from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse

from gateway.token import TokenKeeper
from gateway.transport import answered


def token_auth(
    keeper: TokenKeeper,
    apply: Callable[[ClientRequest, str], None],
    refused: Callable[[bytes], bool],
) -> ClientMiddlewareType:
    """A client middleware that puts the account's token on every request.

    An answer by which the platform refuses the token is not handed on: the call is made once more
    with a fresh token, and only that second answer counts.
    """

    async def send(request: ClientRequest, handler: ClientHandlerType) -> tuple[ClientResponse, bool]:
        token = await keeper.current()
        apply(request, token.value)
        response = await handler(request)
        if refused(await response.read()):
            keeper.refuse(token)
            return response, False
        keeper.used(token)
        return response, True

    async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response, taken = await send(request, handler)
        if not taken:
            response.release()
            answered()
            response, _ = await send(request, handler)
        return response

    return middleware
