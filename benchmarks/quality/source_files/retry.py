import functools
import logging
import random
import time

log = logging.getLogger(__name__)


def retry(times=3, delay=0.5, errors=(OSError,)):
    """Call a function again when it fails, waiting longer each time."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            wait = delay
            for attempt in range(1, times + 1):
                try:
                    return function(*args, **kwargs)
                except errors as error:
                    if attempt == times:
                        raise
                    log.warning("attempt %d failed: %s", attempt, error)
                    time.sleep(wait + random.random() * 0.1)
                    wait *= 2
            return None

        return wrapper

    return decorate


@retry(times=5)
def fetch(path):
    with open(path, "rb") as file:
        return file.read()
