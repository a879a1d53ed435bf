#include <ctype.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    long lines = 0, words = 0, bytes = 0;
    int c, in_word = 0;
    FILE *file = stdin;

    if (argc > 1) {
        file = fopen(argv[1], "r");
        if (file == NULL) {
            perror(argv[1]);
            return 1;
        }
    }
    while ((c = getc(file)) != EOF) {
        bytes++;
        if (c == '\n')
            lines++;
        if (isspace(c)) {
            in_word = 0;
        } else if (!in_word) {
            in_word = 1;
            words++;
        }
    }
    printf("%7ld %7ld %7ld\n", lines, words, bytes);
    if (file != stdin)
        fclose(file);
    return 0;
}
