#!/usr/bin/env ruby
# 按拍摄日期给照片改名

require "fileutils"
require "optparse"

options = { dry: false, folder: "." }
OptionParser.new do |parser|
  parser.on("-n", "--dry-run", "只显示，不改名") { options[:dry] = true }
  parser.on("-d", "--dir FOLDER", "照片目录") { |value| options[:folder] = value }
end.parse!

counts = Hash.new(0)
Dir.glob(File.join(options[:folder], "*.{jpg,JPG}")).sort.each do |file|
  day = File.mtime(file).strftime("%Y%m%d")
  counts[day] += 1
  # 同一天的照片加上序号
  name = format("%s_%03d.jpg", day, counts[day])
  target = File.join(options[:folder], name)
  next if File.exist?(target)

  puts "#{file} -> #{target}"
  FileUtils.mv(file, target) unless options[:dry]
end
