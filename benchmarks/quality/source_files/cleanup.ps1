param(
    [Parameter(Mandatory = $true)]
    [string]$Folder,
    [int]$Days = 30,
    [switch]$WhatIf
)

$ErrorActionPreference = "Stop"
$limit = (Get-Date).AddDays(-$Days)

$files = Get-ChildItem -Path $Folder -Recurse -File |
    Where-Object { $_.LastWriteTime -lt $limit -and $_.Extension -in ".log", ".tmp" }

$total = ($files | Measure-Object -Property Length -Sum).Sum
Write-Host ("{0} files, {1:N1} MB" -f $files.Count, ($total / 1MB))

foreach ($file in $files) {
    if ($WhatIf) {
        Write-Host "would remove $($file.FullName)"
    }
    else {
        Remove-Item -Path $file.FullName -Force
    }
}
