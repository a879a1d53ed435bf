#!/usr/bin/perl
use strict;
use warnings;
use Getopt::Long;

my $top = 10;
my $verbose = 0;
GetOptions('top=i' => \$top, 'verbose' => \$verbose) or die "usage: $0 [--top N] FILE...\n";

my (%hits, %bytes);
while (my $line = <>) {
    chomp $line;
    next unless $line =~ m{^(\S+) \S+ \S+ \[[^\]]+\] "GET (\S+) [^"]*" (\d{3}) (\d+|-)};
    my ($host, $path, $status, $size) = ($1, $2, $3, $4);
    next if $status >= 400;
    $hits{$path}++;
    $bytes{$path} += $size eq '-' ? 0 : $size;
    warn "$host $path\n" if $verbose;
}

my @paths = sort { $hits{$b} <=> $hits{$a} || $a cmp $b } keys %hits;
splice @paths, $top if @paths > $top;
for my $path (@paths) {
    printf "%8d %12d %s\n", $hits{$path}, $bytes{$path}, $path;
}
