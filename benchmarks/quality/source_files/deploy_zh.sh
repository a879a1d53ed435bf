#!/usr/bin/env bash
# 部署脚本：构建、上传、重启服务
set -euo pipefail

APP=blog
HOST="deploy@server-01"
VERSION=$(git describe --tags --always)

# 输出带时间的日志
log() {
    echo "[$(date '+%H:%M:%S')] $*"
}

log "开始构建 ${VERSION}"
npm ci
npm run build

# 工作区必须是干净的
if ! git diff --quiet; then
    log "有未提交的修改，停止部署"
    exit 1
fi

log "上传文件"
rsync -az --delete dist/ "${HOST}:/srv/${APP}/${VERSION}/"
ssh "$HOST" "ln -sfn /srv/${APP}/${VERSION} /srv/${APP}/current && systemctl restart ${APP}"

log "完成"
