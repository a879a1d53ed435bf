@echo off
setlocal enabledelayedexpansion
rem 编译并打包程序

set NAME=viewer
set OUT=build\release

if not exist %OUT% mkdir %OUT%

rem 检查编译器
where cl.exe >nul 2>nul
if errorlevel 1 (
    echo 找不到编译器，请先运行 vcvars64.bat
    exit /b 1
)

for %%f in (src\*.cpp) do (
    echo %%f
    cl /nologo /O2 /EHsc /c /Fo%OUT%\ %%f || goto :error
)
link /nologo /OUT:%OUT%\%NAME%.exe %OUT%\*.obj
echo 完成
exit /b 0

:error
echo 编译失败
exit /b 1
