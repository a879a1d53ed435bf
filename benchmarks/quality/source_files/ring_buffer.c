#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct ring {
    uint8_t *data;
    size_t head, tail, size;
};

bool ring_init(struct ring *r, size_t size)
{
    r->data = malloc(size);
    r->head = r->tail = 0;
    r->size = size;
    return r->data != NULL;
}

bool ring_put(struct ring *r, uint8_t value)
{
    size_t next = (r->head + 1) % r->size;

    if (next == r->tail)
        return false;
    r->data[r->head] = value;
    r->head = next;
    return true;
}

bool ring_get(struct ring *r, uint8_t *value)
{
    if (r->head == r->tail)
        return false;
    *value = r->data[r->tail];
    r->tail = (r->tail + 1) % r->size;
    return true;
}

void ring_free(struct ring *r)
{
    free(r->data);
    r->data = NULL;
}
